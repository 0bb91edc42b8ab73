// SPDX-License-Identifier: Apache-2.0
// The path of a request with a remote in memory. Two machines are two stores with an engine each.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "os/clock.h"
#include "pipeline/testing/fake_remotes.h"
#include "pipeline/testing/path_test.h"

namespace deja::pipeline {
namespace {

using testing::FakeClient;
using testing::FakeRemotes;
using testing::FakeRun;
using testing::FaultyStore;
using testing::PathTest;
using testing::TestEngine;

class RemotePathTest : public PathTest {
 protected:
  RemotePathTest() { settings_.remotes = remotes_; }

  void move_to_other_machine() {
    engine_ = std::make_unique<TestEngine>(other_store_);
    remotes_->move_to(other_store_);
  }
  Outcome remote_hit() {
    remove("a.o");
    const int before = runs_;
    Outcome outcome = ask();
    EXPECT_EQ(outcome.kind, OutcomeKind::hit) << outcome.reason;
    EXPECT_EQ(outcome.reason, "");
    EXPECT_EQ(outcome.remote, "a remote in memory");
    EXPECT_EQ(runs_, before);
    EXPECT_EQ(text("a.o"), object());
    return outcome;
  }

  std::shared_ptr<FakeRemotes> remotes_ = std::make_shared<FakeRemotes>(store_);
  store::MemStore other_memory_;
  FaultyStore other_store_{other_memory_};
};

TEST_F(RemotePathTest, AnotherMachineGetsTheResult) {
  expect_miss("new");
  EXPECT_EQ(remotes_->offers, 1);
  move_to_other_machine();
  const Outcome hit = remote_hit();
  EXPECT_EQ(hit.writer, "its writer");
  EXPECT_EQ(testing::replay_of(hit).err, "a.c: warning: unused\n");
  EXPECT_EQ(remotes_->offers, 1) << "what comes from a remote is not offered to it";
  remove("a.o");
  const Outcome local = ask();
  EXPECT_EQ(local.kind, OutcomeKind::hit);
  EXPECT_EQ(local.remote, "") << "it has been imported";
  EXPECT_EQ(remotes_->questions, 2);
  EXPECT_EQ(remotes_->used, (std::vector{*hit.action, *hit.action, *hit.action}))
      << "the run, the hit from the remote and the local one";
}

TEST_F(RemotePathTest, ALocalHitAsksNobody) {
  expect_miss("new");
  const int before = remotes_->questions;
  expect_hit();
  EXPECT_EQ(remotes_->questions, before);
}

TEST_F(RemotePathTest, AResultWhoseClaimsDoNotHoldIsNotUsed) {
  expect_miss("new");
  move_to_other_machine();
  write_source("a.h", "int other;\n");
  expect_miss("changed");
  write_source("a.h", "int b;\n");
  remote_hit();
}

TEST_F(RemotePathTest, AfterALongImportTheClaimsAreCheckedAgain) {
  expect_miss("new");
  move_to_other_machine();
  remotes_->on_held = [this] {
    const std::int64_t end = os::monotonic_ns() + 250'000'000;
    while (os::monotonic_ns() < end) std::this_thread::yield();
    write_source("a.h", "int other;\n");
  };
  expect_miss("changed");
}

TEST_F(RemotePathTest, ARemoteIsToldWhatTheLastRunTook) {
  tool_ = [](FakeRun& run) {
    compile(run);
    run.report.elapsed_ns = 123;
  };
  expect_miss("new");
  EXPECT_EQ(remotes_->last_cost_ns, 0U);
  write_source("a.h", "int other;\n");
  expect_miss("changed");
  EXPECT_EQ(remotes_->last_cost_ns, 123U);
}

TEST_F(RemotePathTest, ARemoteThatLiesCostsNothingButTheRun) {
  expect_miss("new");
  move_to_other_machine();
  remotes_->lies = true;
  expect_miss("new");
}

TEST_F(RemotePathTest, AStoreThatFailsDuringTheImportIsAMiss) {
  expect_miss("new");
  for (int n = 1;; ++n) {
    store::MemStore memory;
    FaultyStore store{memory};
    engine_ = std::make_unique<TestEngine>(store);
    remotes_->move_to(store);
    store.fail_at(n);
    remove("a.o");
    const Outcome outcome = ask();
    EXPECT_EQ(text("a.o"), object()) << n;
    EXPECT_TRUE(outcome.kind == OutcomeKind::hit || outcome.kind == OutcomeKind::miss) << n;
    if (store.calls < n) break;
  }
}

TEST_F(RemotePathTest, ThoseWhoWaitShareOneQuestion) {
  expect_miss("new");
  move_to_other_machine();
  remove("a.o");
  const int before = remotes_->questions;
  remotes_->on_question = [this] {
    while (services().flights.waiting() == 0) std::this_thread::yield();
  };
  FakeClient first(ws_, tool_);
  Outcome first_outcome;
  {
    const std::jthread asker([&] { first_outcome = ask(first, environment_); });
    while (remotes_->questions == before) std::this_thread::yield();
    EXPECT_EQ(ask().kind, OutcomeKind::hit);
  }
  EXPECT_EQ(first_outcome.kind, OutcomeKind::hit);
  EXPECT_EQ(first.runs, 0);
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(remotes_->questions, before + 1);
}

TEST_F(RemotePathTest, WhatIsNotStoredIsNotOffered) {
  settings_.read_only = true;
  EXPECT_EQ(ask().kind, OutcomeKind::miss);
  EXPECT_EQ(remotes_->offers, 0);
  settings_.read_only = false;
  tool_ = [](FakeRun& run) {
    compile(run);
    run.report.exit_code = 1;
  };
  ask();
  EXPECT_EQ(remotes_->offers, 0);
}

}  // namespace
}  // namespace deja::pipeline
