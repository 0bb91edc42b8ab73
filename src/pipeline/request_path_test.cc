// SPDX-License-Identifier: Apache-2.0
// The path of a request with a store and a client in memory: what is a hit, what is not, and what a
// request leaves behind. (Failing stores and dying clients: request_path_fault_test.cc.)
#include "pipeline/request_path.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "action/testing/problem_text.h"
#include "digest/hasher.h"
#include "pipeline/audit.h"
#include "pipeline/testing/path_test.h"

namespace deja::pipeline {
namespace {

using action::text_of;
using testing::FakeClient;
using testing::FakeRun;
using testing::PathTest;
using testing::replay_of;
using tool::BypassReason;

TEST_F(PathTest, AMissIsAHitTheNextTime) {
  const Outcome miss = ask();
  EXPECT_EQ(miss.kind, OutcomeKind::miss);
  EXPECT_EQ(miss.reason, "new");
  EXPECT_EQ(text_of(miss.not_stored), "");
  EXPECT_TRUE(std::holds_alternative<Done>(miss.answer));
  remove("a.o");
  const Outcome hit = ask();
  EXPECT_EQ(hit.kind, OutcomeKind::hit);
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(text("a.o"), object());
  EXPECT_EQ(replay_of(hit).err, "a.c: warning: unused\n");
  EXPECT_EQ(hit.action, miss.action);
  EXPECT_EQ(hit.probe, miss.probe);
}

TEST_F(PathTest, ALongRunIsReportedWhileItRuns) {
  settings_.heartbeat_s = 60;
  std::vector<std::string> reported;
  services().on_still_running = [&](const Outcome& outcome, const Request& request) {
    reported.push_back(outcome.what + " in " + std::string(request.cwd));
    EXPECT_EQ(outcome.reason, "new");
  };
  FakeClient client(ws_, tool_);
  client.on_run = [](const RunOrder& order) {
    EXPECT_EQ(order.heartbeat_ns, 60'000'000'000);
    order.still_runs();
  };
  EXPECT_EQ(ask(client).kind, OutcomeKind::miss);
  EXPECT_EQ(reported, std::vector<std::string>{"a.c in " + ws_});
}

TEST_F(PathTest, AnotherEngineFindsItInTheStore) {
  ask();
  restart();
  expect_hit();
}

// Each thing that the tool has looked at: changed, it is a miss; changed back, a hit again.
TEST_F(PathTest, NothingThatWasLookedAtMayChange) {
  expect_miss("new");
  write_source("a.h", "int changed;\n");
  expect_miss("a.h", "an input is edited");
  write_source("a.h", "int b;\n");
  expect_hit("an input is edited back");
  write_source("first/a.h", "int c;\n");
  expect_miss("", "a file appears that was looked for");
  remove("first");
  expect_hit("it is gone again");
  environment_[1] = "FLAVOUR=sour";
  expect_miss("", "a variable");
  environment_.pop_back();
  expect_miss("", "a variable is unset");
  environment_.push_back("FLAVOUR=sweet");
  expect_hit("the variable is as it was");
  write("bin/gcc", "another compiler");
  ASSERT_EQ(::chmod(gcc_.c_str(), 0755), 0);
  expect_miss("", "the tool itself");
}

TEST_F(PathTest, AMissSaysWhatHasChanged) {
  expect_miss("new");
  write_source("first/a.h", "int c;\n");
  expect_miss("changed: <cwd>/first, which was not there");
  remove("first");
  environment_[1] = "FLAVOUR=sour";
  EXPECT_NE(ask().reason.find("a.h"), std::string::npos);  // of the newest trace
  restart();
  environment_[1] = "FLAVOUR=salty";
  expect_miss("changed: variable FLAVOUR");
}

TEST_F(PathTest, AListedDirectoryMayNotChange) {
  tool_ = [](FakeRun& run) {
    run.lists("parts");
    compile(run);
  };
  write_source("parts/one", "");
  expect_miss("new");
  expect_hit();
  write_source("parts/two", "");
  expect_miss("changed: names in directory");
  remove("parts/two");
  expect_hit();
}

TEST_F(PathTest, WhatWasNotLookedAtMayChange) {
  expect_miss("new");
  write_source("other.h", "int other;\n");
  environment_.push_back("UNREAD=value");
  expect_hit();
}

TEST_F(PathTest, AnotherCommandLineIsAnotherAction) {
  expect_miss("new");
  argv_.insert(argv_.begin() + 1, "-O2");
  expect_miss("new");
}

TEST_F(PathTest, AHitLeavesTheModeOfTheTool) {
  ask();
  remove("a.o");
  ask();
  struct stat left = {};
  ASSERT_EQ(::stat(at("a.o").c_str(), &left), 0);
  EXPECT_EQ(left.st_mode & 07777, 0644u);
}

TEST_F(PathTest, ALostBlobIsAMissAndIsStoredAgain) {
  expect_miss("new");
  memory_.lose_blob(digest::digest_bytes(object()));
  restart();
  expect_miss("evicted");
  expect_hit();
}

// The engine still has the record in memory when its blob is gone.
TEST_F(PathTest, ALostBlobOfARememberedResultIsAMiss) {
  expect_miss("new");
  memory_.lose_blob(digest::digest_bytes(object()));
  expect_miss("no longer has the blob");
}

TEST_F(PathTest, ARunThatIsNotObservedProvesNothing) {
  FakeClient client(ws_, compile);
  client.is_observed = false;
  EXPECT_EQ(text_of(ask(client).not_stored), "not_observed");
  expect_miss("new");
}

TEST_F(PathTest, ARunWhoseLogIsFullProvesNothing) {
  tool_ = [](FakeRun& run) {
    compile(run);
    run.loses();
  };
  EXPECT_EQ(text_of(ask().not_stored), "too_many_records");
  expect_miss("new");
}

TEST_F(PathTest, AnInputThatChangesWhileTheToolRunsProvesNothing) {
  tool_ = [this](FakeRun& run) {
    compile(run);
    write_source("a.h", "int too_late;\n");
  };
  EXPECT_EQ(text_of(ask().not_stored), "input_changed: " + at("a.h"));
  tool_ = compile;
  expect_miss("new");
}

TEST_F(PathTest, AnOutputThatChangesAfterTheToolProvesNothing) {
  tool_ = [this](FakeRun& run) {
    compile(run);
    write_source("a.o", "somebody else's");
  };
  EXPECT_EQ(text_of(ask().not_stored), "output_changed: " + at("a.o"));
  tool_ = compile;
  expect_miss("new");
}

TEST_F(PathTest, AnOutputThatChangesWhileItIsStoredProvesNothing) {
  store_.on_put_blob = [this] { write_source("a.o", "somebody else's"); };
  EXPECT_EQ(text_of(ask().not_stored), "output_changed: " + at("a.o"));
  store_.on_put_blob = nullptr;
  expect_miss("new");
}

TEST_F(PathTest, AToolThatFailsForNoStatedReasonIsNotStored) {
  tool_ = [](FakeRun& run) {
    compile(run);
    run.report.exit_code = 3;
  };
  const Outcome outcome = ask();
  EXPECT_EQ(outcome.kind, OutcomeKind::failure);
  EXPECT_EQ(outcome.reason, "exit code 3");
  EXPECT_EQ(text_of(outcome.not_stored), "tool_failed");
  tool_ = compile;
  expect_miss("new");
}

TEST_F(PathTest, ASignalIsNotStored) {
  tool_ = [](FakeRun& run) {
    compile(run);
    run.report.signal = 9;
  };
  const Outcome outcome = ask();
  EXPECT_EQ(outcome.reason, "signal 9");
  EXPECT_EQ(text_of(outcome.not_stored), "tool_killed");
  tool_ = compile;
  expect_miss("new");
}

TEST_F(PathTest, ARunWithUnknownTextOrInputIsNotStored) {
  tool_ = [](FakeRun& run) {
    compile(run);
    run.report.truncated = true;
  };
  EXPECT_EQ(text_of(ask().not_stored), "text_not_captured");
  tool_ = [](FakeRun& run) {
    compile(run);
    run.report.read_stdin = true;
  };
  EXPECT_EQ(text_of(ask().not_stored), "stdin_read");
  tool_ = compile;
  expect_miss("new");
}

// The text says what a later run would not say.
TEST_F(PathTest, TextOfThisRunAloneIsNotStored) {
  tool_ = [](FakeRun& run) {
    compile(run);
    run.writes("cc1.s", "");
    run.removes("cc1.s");
    run.report.err = "as cc1.s\n";
  };
  argv_ = {gcc_, "-###", "-c", "a.c"};
  EXPECT_EQ(text_of(ask().not_stored), "temporary_name_printed: cc1.s");
  argv_ = {gcc_, "-c", "a.c", "-o", "a.o"};
  write_source("a.h", "const char* red = \"\x1b[31m\";\n");
  tool_ = compile;
  EXPECT_EQ(text_of(ask().not_stored), "escapes_in_input");
}

TEST_F(PathTest, AnOutputThatAnotherCommandWritesIsNotStored) {
  services().locks = join_path(dir_, "locks");
  const std::uint64_t output = std::hash<Digest>()(digest::digest_bytes(join_path(ws_, "a.o")));
  tool_ = [&](FakeRun& run) {
    compile(run);
    // Another command writes the same file and does not wait.
    const auto never = [] { return false; };
    EXPECT_FALSE(os::OutputLocks::take(services().locks, {output}, never).were_ours());
  };
  EXPECT_EQ(text_of(ask().not_stored), "output_contended");
  tool_ = compile;
  expect_miss("new");
}

// Materialize: all artifacts or none.
TEST_F(PathTest, AHitPutsAllOutputsInPlaceOrNone) {
  tool_ = [](FakeRun& run) {
    compile(run);
    run.writes("side/a.su", "usage");
  };
  write_source("side/keep", "");
  expect_miss("new");
  remove("side/a.su");
  expect_hit();
  EXPECT_EQ(text("side/a.su"), "usage");

  remove("side");
  remove("a.o");
  const auto find_nothing = [this](FakeRun& run) {
    EXPECT_FALSE(exists("a.o"));
    run.report.exit_code = 3;  // so that nothing is stored
  };
  FakeClient no_directory(ws_, find_nothing);
  EXPECT_NE(ask(no_directory).kind, OutcomeKind::hit);
  EXPECT_EQ(no_directory.runs, 1);

  write_source("side/a.su/in", "a directory is in the place of an output");
  FakeClient no_place(ws_, find_nothing);
  EXPECT_NE(ask(no_place).kind, OutcomeKind::hit);
  EXPECT_EQ(no_place.runs, 1);
  EXPECT_EQ(os::list_directory(ws_)->size(), 3u) << "a temporary file is left";
}

TEST_F(PathTest, AResultIsSharedBetweenCheckoutsUnlessItNamesOne) {
  for (const bool names_its_place : {false, true}) {
    restart();
    ws_ = join_path(dir_, "one");
    argv_.push_back(names_its_place ? "-DNAMES" : "-DNAMES_NOT");
    tool_ = [=](FakeRun& run) {
      compile(run);
      if (names_its_place) run.writes("a.o", "in " + run.at("a.c"));
    };
    EXPECT_EQ(ask().kind, OutcomeKind::miss);
    ws_ = join_path(dir_, "two");
    write_source("a.c", "int a;\n");
    write_source("a.h", "int b;\n");
    remove("a.o");
    const Outcome there = ask();
    EXPECT_EQ(there.kind, names_its_place ? OutcomeKind::miss : OutcomeKind::hit) << there.reason;
    EXPECT_EQ(text("a.o"), names_its_place ? "in " + at("a.c") : object());
    remove("a.o");
    EXPECT_EQ(ask().kind, OutcomeKind::hit);
  }
}

TEST_F(PathTest, ReadOnlyUsesWhatIsThereAndStoresNothing) {
  expect_miss("new");
  settings_.read_only = true;
  expect_hit();
  write_source("a.h", "int changed;\n");
  EXPECT_EQ(text_of(ask().not_stored), "read_only");
  expect_miss("a.h");
}

TEST_F(PathTest, DisabledIsABypass) {
  expect_miss("new");
  settings_.disabled = true;
  const Outcome outcome = ask();
  EXPECT_EQ(outcome.bypass, BypassReason::disabled);
  EXPECT_TRUE(std::holds_alternative<ExecTool>(outcome.answer));
  EXPECT_EQ(runs_, 1);
}

TEST_F(PathTest, AToolThatNobodyKnowsIsABypass) {
  write("bin/mystery", "");
  const std::string mystery = join_path(dir_, "bin/mystery");
  ASSERT_EQ(::chmod(mystery.c_str(), 0755), 0);
  argv_.front() = mystery;
  EXPECT_EQ(ask().bypass, BypassReason::unknown_tool);
  argv_.front() = join_path(dir_, "bin/absent");
  EXPECT_EQ(ask().bypass, BypassReason::tool_not_found);
}

// Single flight: the second request waits for the first one's run.
TEST_F(PathTest, OneClientRunsAndTheOtherGetsItsResult) {
  tool_ = [this](FakeRun& run) {
    while (services().flights.waiting() == 0) std::this_thread::yield();
    compile(run);
  };
  Outcome first, second;
  FakeClient one(ws_, tool_), two(ws_, tool_);
  std::jthread runner([&] { first = ask(one); });
  std::jthread waiter([&] { second = ask(two); });
  runner.join();
  waiter.join();
  EXPECT_EQ(one.runs + two.runs, 1);
  EXPECT_EQ((first.kind == OutcomeKind::hit) + (second.kind == OutcomeKind::hit), 1);
  EXPECT_EQ(text("a.o"), object());
}

// What one client's run has left is checked like a stored result: here the other has another variable.
TEST_F(PathTest, AResultOfAnotherClientIsUsedOnlyWhileItsTraceHolds) {
  FakeClient two(ws_, compile);
  const Outcome second =
      while_another_runs([&] { return ask(two, {"PATH=/nowhere", "FLAVOUR=sour"}); });
  EXPECT_EQ(second.kind, OutcomeKind::miss);
  EXPECT_EQ(second.reason, "changed: variable FLAVOUR");
  EXPECT_EQ(two.runs, 1);
}

// It is not stored, but the requests that wait for it need not run the tool again.
TEST_F(PathTest, AReadOnlyRunIsSharedWithThoseWhoWait) {
  settings_.read_only = true;
  FakeClient two(ws_, compile);
  const Outcome second = while_another_runs([&] { return ask(two); });
  EXPECT_EQ(second.kind, OutcomeKind::hit) << second.reason;
  EXPECT_EQ(two.runs, 0);
  expect_miss("new");
}

TEST_F(PathTest, AnAuditRunsTheToolAndAgrees) {
  expect_miss("new");
  settings_.audit_rate = 1;
  const Outcome outcome = ask();
  EXPECT_EQ(outcome.kind, OutcomeKind::hit);
  EXPECT_EQ(outcome.reason, "audit: equal");
  EXPECT_EQ(runs_, 2);
  EXPECT_TRUE(outcome.troubles.empty());
}

TEST(IsAudited, FollowsTheRate) {
  int audited = 0;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(is_audited(0));
    EXPECT_TRUE(is_audited(1));
    audited += is_audited(0.5) ? 1 : 0;
  }
  EXPECT_GT(audited, 300);
  EXPECT_LT(audited, 700);
}

TEST_F(PathTest, AnAuditDropsAWrongResult) {
  tool_ = [n = std::make_shared<int>(0)](FakeRun& run) {
    compile(run);
    run.writes("a.o", "run " + std::to_string(++*n));
  };
  ask();
  settings_.audit_rate = 1;
  const Outcome outcome = ask();
  EXPECT_EQ(outcome.kind, OutcomeKind::miss);
  EXPECT_NE(outcome.reason.find("audit: " + at("a.o")), std::string::npos) << outcome.reason;
  EXPECT_EQ(outcome.troubles.size(), 1u);
  settings_.audit_rate = 0;
  tool_ = compile;
  expect_miss("evicted");
}

TEST_F(PathTest, APrewarmedRequestIsAnsweredByTheRequestCache) {
  if (!services().requests.can_watch()) GTEST_SKIP() << "NOT TESTED: no inotify";
  ask();
  EXPECT_FALSE(ask().remembered);
  prewarm();
  remove("a.o");
  const Outcome hit = ask();
  EXPECT_TRUE(hit.remembered);
  EXPECT_EQ(hit.kind, OutcomeKind::hit);
  EXPECT_EQ(text("a.o"), object());
  EXPECT_EQ(replay_of(hit).err, "a.c: warning: unused\n");
}

TEST_F(PathTest, TheRequestCacheSeesEachChange) {
  if (!services().requests.can_watch()) GTEST_SKIP() << "NOT TESTED: no inotify";
  const std::function<void()> changes[] = {
      [&] { write_source("a.c", "int a2;\n"); },
      [&] { write_source("a.h", "int b2;\n"); },
      [&] { write_source("first/a.h", "int c;\n"); },
      [&] { environment_[1] = "FLAVOUR=sour"; },
      [&] { write("bin/gcc", "yet another"), ::chmod(gcc_.c_str(), 0755); },
      [&] { settings_.salt = settings_.answer_text = "other"; },
  };
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    ask();
    prewarm();
    EXPECT_TRUE(ask().remembered) << i;
    changes[i]();
    expect_miss("", "change " + std::to_string(i));
  }
}

}  // namespace
}  // namespace deja::pipeline
