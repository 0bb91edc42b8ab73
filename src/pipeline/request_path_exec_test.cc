// SPDX-License-Identifier: Apache-2.0
// The path of a request of `deja exec`: what the user declares, and what the user asks for.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "action/testing/problem_text.h"
#include "pipeline/testing/path_test.h"

namespace deja::pipeline {
namespace {

using action::text_of;
using testing::FakeRun;
using testing::PathTest;
using testing::replay_of;

class ExecPath : public PathTest {
 protected:
  ExecPath() {
    write_source("in.txt", "in");
    tool_ = [](FakeRun& run) {
      run.reads("in.txt");
      run.writes("out.txt", "made of " + run.text("in.txt"));
    };
  }
  // `deja exec <options> -- gcc`: with nothing to know of the tool, its name says nothing.
  Outcome exec(std::vector<std::string> options) {
    options.insert(options.end(), {"--", gcc_});
    return ask_exec(std::move(options));
  }
  const std::vector<std::string> declared_ = {"--input-file", "in.txt", "--output-file", "out.txt"};
  std::vector<std::string> declared_and(std::initializer_list<std::string> more) const {
    std::vector<std::string> options = declared_;
    options.insert(options.end(), more);
    return options;
  }
};

TEST_F(ExecPath, DeclaredInputsCount) {
  EXPECT_EQ(exec(declared_).kind, OutcomeKind::miss);
  remove("out.txt");
  EXPECT_EQ(exec(declared_).kind, OutcomeKind::hit);
  EXPECT_EQ(text("out.txt"), "made of in");
  write_source("in.txt", "other");
  EXPECT_EQ(exec(declared_).kind, OutcomeKind::miss);
  EXPECT_EQ(text("out.txt"), "made of other");
}

TEST_F(ExecPath, WithDeclaredOnlyNothingElseCounts) {
  const auto options = declared_and({"--declared-only"});
  EXPECT_EQ(exec(options).kind, OutcomeKind::miss);
  write_source("unread.txt", "");
  remove("out.txt");
  const Outcome hit = exec(options);
  EXPECT_EQ(hit.kind, OutcomeKind::hit) << hit.reason;
  EXPECT_EQ(hit.evidence, "declared");
  write_source("in.txt", "other");
  EXPECT_EQ(exec(options).kind, OutcomeKind::miss);
}

TEST_F(ExecPath, AMissingInputAndAWrongOptionAreRefused) {
  const Outcome missing = exec({"--input-file", "absent.txt"});
  EXPECT_EQ(missing.bypass, tool::BypassReason::not_run);
  EXPECT_EQ(replay_of(missing).exit_code, 2u);
  EXPECT_NE(replay_of(missing).err.find("absent.txt"), std::string::npos);
  EXPECT_EQ(replay_of(exec({"--no-such-option"})).exit_code, 2u);
  EXPECT_EQ(runs_, 0);
}

TEST_F(ExecPath, NoCacheIsABypass) {
  EXPECT_EQ(exec({"--no-cache"}).bypass, tool::BypassReason::no_cache);
  EXPECT_EQ(runs_, 0);  // the client becomes the tool
}

TEST_F(ExecPath, PrintKeyRunsNothing) {
  const Outcome printed = exec(declared_and({"--print-key"}));
  EXPECT_EQ(runs_, 0);
  const Outcome ran = exec(declared_);
  ASSERT_TRUE(ran.probe);
  EXPECT_EQ(replay_of(printed).out, ran.probe->hex() + "\n");
  EXPECT_EQ(replay_of(printed).exit_code, 0u);
}

TEST_F(ExecPath, AFailureIsStoredOnlyWhenAskedFor) {
  tool_ = [tool = tool_](FakeRun& run) {
    tool(run);
    run.report.exit_code = 1;
  };
  EXPECT_EQ(text_of(exec(declared_).not_stored), "tool_failed");
  EXPECT_EQ(exec(declared_).kind, OutcomeKind::failure);
  EXPECT_EQ(text_of(exec(declared_and({"--cache-failures"})).not_stored), "");
  const Outcome hit = exec(declared_and({"--cache-failures"}));
  EXPECT_EQ(hit.kind, OutcomeKind::hit);
  EXPECT_EQ(replay_of(hit).exit_code, 1u);
  // Another request of the same action does not want it.
  EXPECT_EQ(exec(declared_).kind, OutcomeKind::failure);
}

TEST_F(ExecPath, ReadOnlyStoresNothing) {
  EXPECT_EQ(text_of(exec(declared_and({"--read-only"})).not_stored), "read_only");
  EXPECT_EQ(exec(declared_).kind, OutcomeKind::miss);
  EXPECT_EQ(exec(declared_and({"--read-only"})).kind, OutcomeKind::hit);
}

TEST_F(ExecPath, ATimeoutSaysSoAndIsNotStored) {
  tool_ = [](FakeRun& run) { run.report.timed_out = true; };
  const Outcome outcome = exec({"--timeout", "2s"});
  const auto& done = std::get<Done>(outcome.answer);
  EXPECT_EQ(done.exit_code, 124u);
  EXPECT_NE(done.last_word.find("2000 ms"), std::string::npos) << done.last_word;
  EXPECT_EQ(text_of(outcome.not_stored), "timed_out");
}

TEST_F(ExecPath, StrictNamesWhatIsNotDeclared) {
  const Outcome outcome = exec({"--strict", "--output-file", "out.txt"});
  const auto& done = std::get<Done>(outcome.answer);
  EXPECT_EQ(done.exit_code, 1u);
  EXPECT_NE(done.last_word.find("in.txt"), std::string::npos) << done.last_word;
  EXPECT_EQ(text_of(outcome.not_stored), "not_declared: reads " + at("in.txt"));
  const Outcome declared = exec(declared_and({"--strict"}));
  EXPECT_EQ(std::get<Done>(declared.answer).exit_code, std::nullopt)
      << std::get<Done>(declared.answer).last_word;
}

TEST_F(ExecPath, ADeclarationThatTheRunDoesNotMeetIsNotStored) {
  EXPECT_EQ(text_of(exec(declared_and({"--output-file", "more.txt"})).not_stored),
            "output_not_written: more.txt");
  EXPECT_EQ(text_of(exec(declared_and({"--depfile", "out.txt"})).not_stored),
            "depfile_unusable: out.txt has no rules");
  write_source("seed.c", "#include NAME\n");
  EXPECT_EQ(text_of(exec(declared_and({"--declared-only", "--include-scan", "seed.c"})).not_stored),
            "include_unknown: #include NAME in " + at("seed.c"));
  const Outcome filtered =
      ask_exec({"--key-args-filter", "^-o", "--output-file", "out.txt", "--", gcc_, "-oout.txt"});
  EXPECT_EQ(text_of(filtered.not_stored), "output_name_filtered: -oout.txt");
}

TEST_F(ExecPath, AResultThatIsOlderThanItsTtlIsNotUsed) {
  EXPECT_EQ(exec(declared_).kind, OutcomeKind::miss);
  EXPECT_EQ(exec(declared_and({"--ttl", "1h"})).kind, OutcomeKind::hit);
  const Outcome old = exec(declared_and({"--ttl", "0.001ms"}));
  EXPECT_EQ(old.kind, OutcomeKind::miss);
  EXPECT_EQ(old.reason, "the stored result is older than --ttl allows");
}

TEST_F(ExecPath, StandardInputIsPartOfTheKey) {
  calling_ = Calling::exec;
  argv_ = {"exec", "--stdin", "keyed", "--", gcc_};
  testing::FakeClient client(ws_, tool_);
  EXPECT_EQ(ask(client).bypass, tool::BypassReason::stdin_source);  // it cannot be kept
  client.stdin_ = "one";
  const Outcome one = ask(client);
  EXPECT_EQ(one.kind, OutcomeKind::miss) << one.reason;
  EXPECT_EQ(ask(client).kind, OutcomeKind::hit);
  client.stdin_ = "two";
  const Outcome two = ask(client);
  EXPECT_EQ(two.kind, OutcomeKind::miss);
  EXPECT_NE(one.probe, two.probe);
}

}  // namespace
}  // namespace deja::pipeline
