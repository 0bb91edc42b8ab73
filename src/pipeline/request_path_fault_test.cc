// SPDX-License-Identifier: Apache-2.0
// The path of a request when the store fails or the client dies, at each step: the client still gets
// its answer (L3), and what was stored by then leads to no wrong hit (L2).
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "action/testing/problem_text.h"
#include "pipeline/testing/path_test.h"

namespace deja::pipeline {
namespace {

using action::text_of;
using testing::FakeClient;
using testing::FakeRun;
using testing::PathTest;

class FaultyPath : public PathTest {
 protected:
  FaultyPath() {
    // A text that is too long for the record, so that a blob of a stream is put, too.
    tool_ = [](FakeRun& run) {
      compile(run);
      run.report.out = long_text();
    };
  }
  static std::string long_text() { return std::string(action::kInlineStreamMax + 1, 'o'); }

  // The tool has run, or what it would have left is there.
  void expect_answer(const std::string& what) {
    remove("a.o");
    const int before = runs_;
    const Outcome outcome = ask();
    EXPECT_EQ(text("a.o"), object()) << what;
    if (outcome.kind == OutcomeKind::hit) {
      EXPECT_EQ(runs_, before) << what;
      EXPECT_EQ(testing::replay_of(outcome).out, long_text()) << what;
    } else {
      EXPECT_EQ(outcome.kind, OutcomeKind::miss) << what;
      EXPECT_TRUE(std::holds_alternative<Done>(outcome.answer)) << what;
      EXPECT_EQ(runs_, before + 1) << what;
    }
  }
};

TEST_F(FaultyPath, AMissWhoseStoreFailsAtAnyCall) {
  expect_answer("to count the calls");
  const int calls = store_.calls;
  ASSERT_GE(calls, 5);  // get_manifest, two blobs, put_result, update_manifest
  for (int n = 1; n <= calls; ++n) {
    const std::string what = "call " + std::to_string(n);
    write_source("a.c", "int a;  // " + what + "\n");  // another action
    restart();
    store_.fail_at(n);
    expect_answer(what);
    store_.fail_at(0);
    restart();
    expect_answer(what + ", then a store that works");
    restart();
    expect_hit(what + ", and once more");
  }
}

TEST_F(FaultyPath, AHitWhoseStoreFailsAtAnyCall) {
  expect_answer("to fill the store");
  restart();
  store_.fail_at(0);
  expect_hit("to count the calls");
  const int calls = store_.calls;
  ASSERT_GE(calls, 4);  // get_manifest, get_result, two blobs
  for (int n = 1; n <= calls; ++n) {
    restart();
    store_.fail_at(n);
    expect_answer("call " + std::to_string(n));
  }
}

TEST_F(FaultyPath, AStoreThatAlwaysFailsIsToldOfAndNothingElse) {
  store_.fail_always();
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = ask();
    EXPECT_EQ(outcome.kind, OutcomeKind::miss);
    EXPECT_EQ(text_of(outcome.not_stored), "store_failed: the store is broken");
    EXPECT_FALSE(outcome.troubles.empty());
  }
  EXPECT_EQ(runs_, 2);
}

// What was stored before the store failed says nothing of inputs that have changed since.
TEST_F(FaultyPath, AnEditBehindAFailureIsAMiss) {
  expect_answer("to count the calls");
  const int calls = store_.calls;
  for (int n = 1; n <= calls; ++n) {
    write_source("a.h", "int before;  // " + std::to_string(n) + "\n");
    store_.fail_at(n);
    ask();
    store_.fail_at(0);
    write_source("a.h", "int after;  // " + std::to_string(n) + "\n");
    expect_miss("", "call " + std::to_string(n));
  }
}

TEST_F(FaultyPath, AClientThatDiesBeforeItsRunLeavesNothing) {
  FakeClient client(ws_, compile);
  client.on_run = [&](const RunOrder&) { client.is_gone = true; };
  const Outcome outcome = ask(client);
  EXPECT_EQ(outcome.bypass, tool::BypassReason::internal_error);
  EXPECT_EQ(outcome.reason, "the client ended before it had run the tool");
  EXPECT_EQ(client.runs, 0);
  expect_miss("new");
}

TEST_F(FaultyPath, AClientThatDiesBeforeAHitGetsNothingPutOverItsOwnRun) {
  ask();
  remove("a.o");
  FakeClient client(ws_, compile);
  client.is_gone = true;
  EXPECT_EQ(ask(client).kind, OutcomeKind::bypass);
  EXPECT_FALSE(exists("a.o"));
  expect_hit();
}

// Those who wait for a run whose client dies do not wait forever: the next one runs.
TEST_F(FaultyPath, AWaiterRunsWhenTheRunnersClientDies) {
  FakeClient dying(ws_, compile), waiting(ws_, tool_);
  Outcome first, second;
  std::atomic<bool> runs = false;
  dying.on_run = [&](const RunOrder&) {
    runs = true;
    while (services().flights.waiting() == 0) std::this_thread::yield();
    dying.is_gone = true;
  };
  std::jthread runner([&] { first = ask(dying); });
  while (!runs) std::this_thread::yield();
  std::jthread waiter([&] { second = ask(waiting); });
  runner.join();
  waiter.join();
  EXPECT_EQ(first.kind, OutcomeKind::bypass);
  EXPECT_EQ(second.kind, OutcomeKind::miss);
  EXPECT_EQ(waiting.runs, 1);
  EXPECT_EQ(text("a.o"), object());
}

}  // namespace
}  // namespace deja::pipeline
