// SPDX-License-Identifier: Apache-2.0
// The path of a request with the user's rules: what is left alone, what then runs it, and what is not stored.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "action/testing/problem_text.h"
#include "os/find_tool.h"
#include "pipeline/testing/path_test.h"

namespace deja::pipeline {
namespace {

using action::text_of;
using tool::BypassReason;

class RulesPath : public testing::PathTest {
 protected:
  RulesPath() {
    write("bin/wrapper", "another wrapper");
    EXPECT_EQ(::chmod(wrapper().c_str(), 0755), 0);
    environment_[0] = "PATH=" + join_path(dir_, "bin");
  }
  std::string wrapper() const { return join_path(dir_, "bin/wrapper"); }
  // The engine gives a command with other settings another name (config/config.h).
  void set(const std::string& text) { settings_.answer_text = text; }
  // The program that the client is told to start instead of the tool.
  static std::string fallback_of(const Outcome& outcome) {
    const auto* tool = std::get_if<ExecTool>(&outcome.answer);
    return tool == nullptr ? "no bypass" : tool->fallback;
  }
};

TEST_F(RulesPath, ARuleIsABypassWithAReason) {
  expect_miss("new");
  const std::pair<Rules, std::string> rows[] = {
      {{.sources = {"**/a.c"}}, at("a.c") + ": exclude = \"**/a.c\""},
      {{.tools = {"gcc"}}, "bypass.tools = \"gcc\""},
      {{.arguments = {"-c"}}, "bypass.arguments = \"-c\""},
      {{.variables = {"FLAVOUR=sw*"}}, "bypass.variables = \"FLAVOUR=sw*\""},
  };
  for (const auto& [rules, detail] : rows) {
    settings_.rules = rules;
    set(detail);
    const Outcome outcome = ask();
    EXPECT_EQ(outcome.kind, OutcomeKind::bypass) << detail;
    EXPECT_EQ(outcome.bypass, rules.sources.empty() ? BypassReason::rule : BypassReason::excluded);
    EXPECT_EQ(outcome.reason, detail);
    EXPECT_EQ(outcome.what, "a.c");
    EXPECT_EQ(fallback_of(outcome), "");
  }
  settings_.rules = {{"**/b.c"}, {"clang"}, {"-g"}, {"FLAVOUR=bitter"}};
  set("none matches");
  expect_hit();
}

TEST_F(RulesPath, WhatIsCheapIsNotStored) {
  settings_.min_cost_ns = 7'000'001;  // the tool takes 7 ms (FakeRun)
  EXPECT_EQ(text_of(ask().not_stored), "too_cheap");
  settings_.min_cost_ns = 7'000'000;
  expect_miss("new");
  settings_.min_cost_ns = 8'000'000;
  expect_hit("what was stored before is still served");
}

// A run that is not worth storing still serves those who wait for it.
TEST_F(RulesPath, WhatIsCheapIsShared) {
  settings_.min_cost_ns = 1'000'000'000;
  EXPECT_EQ(while_another_runs([&] { return ask(); }).kind, OutcomeKind::hit);
  EXPECT_EQ(runs_, 0);
}

TEST_F(RulesPath, TheFallbackRunsWhatIsLeftAlone) {
  settings_.fallback = "wrapper";
  settings_.rules.tools = {"gcc"};
  const Outcome outcome = ask();
  EXPECT_EQ(outcome.bypass, BypassReason::rule);
  EXPECT_EQ(fallback_of(outcome), wrapper());
  EXPECT_EQ(outcome.reason, "bypass.tools = \"gcc\"; run by " + wrapper());
  settings_.rules = {};
  argv_.insert(argv_.begin() + 1, "-ftime-report");
  EXPECT_EQ(fallback_of(ask()), wrapper());
}

// What is looked up, asked or mistaken, and what no compiler does, runs as it is.
TEST_F(RulesPath, TheFallbackRunsNothingElse) {
  settings_.fallback = wrapper();
  expect_miss("new");
  expect_hit();
  argv_ = {gcc_, "--help=common"};
  EXPECT_EQ(fallback_of(ask()), "");
  argv_ = {gcc_, "-c", "a.c", "-o"};
  EXPECT_EQ(fallback_of(ask()), "");
  settings_.rules.tools = {"*"};
  write("bin/ar", "an archiver");
  ASSERT_EQ(::chmod(join_path(dir_, "bin/ar").c_str(), 0755), 0);
  argv_ = {"ar", "rc", "a.a", "a.o"};
  const Outcome archiver = ask();
  EXPECT_EQ(archiver.bypass, BypassReason::rule);
  EXPECT_EQ(fallback_of(archiver), "");
  EXPECT_EQ(fallback_of(ask_exec({"--", gcc_, "-c", "a.c"})), "");
  calling_ = Calling::wrapper;
  settings_.disabled = true;
  argv_ = {gcc_, "-c", "a.c"};
  EXPECT_EQ(fallback_of(ask()), "");
}

TEST_F(RulesPath, AFallbackThatIsNotThereIsATrouble) {
  settings_.fallback = "absent";
  settings_.rules.tools = {"gcc"};
  const Outcome outcome = ask();
  EXPECT_EQ(fallback_of(outcome), "");
  EXPECT_EQ(outcome.reason, "bypass.tools = \"gcc\"");
  ASSERT_EQ(outcome.troubles.size(), 1u);
  EXPECT_EQ(outcome.troubles[0].find("fallback: there is no program absent on PATH"), 0u);
}

// ccache calls deja when its prefix_command says so; it is not called again. A link to ccache under the
// compiler's name is ccache already.
TEST_F(RulesPath, TheFallbackIsNotCalledTwice) {
  settings_.fallback = "wrapper";
  settings_.rules.tools = {"*"};
  environment_.push_back("DEJA_CALLS=F0123456789abcdef");
  EXPECT_EQ(fallback_of(ask()), "");
  environment_.pop_back();
  EXPECT_EQ(fallback_of(ask()), wrapper());
  ASSERT_EQ(::symlink("wrapper", join_path(dir_, "bin/g++").c_str()), 0);
  argv_ = {"g++", "-c", "a.c"};
  EXPECT_EQ(fallback_of(ask()), "");
}

// Only a run that cannot be stored goes to another wrapper: nobody sees what that one reads.
TEST_F(RulesPath, AMissOfAReadOnlyStoreIsLeftToTheFallback) {
  expect_miss("new");
  settings_.fallback = "wrapper";
  settings_.read_only = true;
  expect_hit();
  write_source("a.h", "int changed;\n");
  const Outcome outcome = ask();
  EXPECT_EQ(outcome.bypass, BypassReason::fallback);
  EXPECT_EQ(fallback_of(outcome), wrapper());
  EXPECT_NE(outcome.reason.find("a.h"), std::string::npos) << outcome.reason;
  EXPECT_EQ(runs_, 1);
  settings_.fallback = "absent";
  EXPECT_EQ(text_of(ask().not_stored), "read_only");
  EXPECT_EQ(runs_, 2);
}

}  // namespace
}  // namespace deja::pipeline
