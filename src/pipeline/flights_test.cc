// SPDX-License-Identifier: Apache-2.0
#include "pipeline/flights.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

namespace deja::pipeline {
namespace {

const auto kStay = [] { return true; };

std::shared_ptr<const Published> some_result() {
  auto p = std::make_shared<Published>();
  p->result = std::make_shared<action::ActionResult>();
  return p;
}

void wait_for(Flights& flights, int waiters) {
  while (flights.waiting() < waiters) std::this_thread::yield();
}

TEST(Flights, OneRunsTheOthersGetItsResult) {
  Flights flights;
  const auto result = some_result();
  std::atomic<int> runners{0};
  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      auto entered = flights.enter(ProbeKey{}, kStay);
      if (entered.turn) {
        ++runners;
        wait_for(flights, 15);
        entered.turn->land(result);
      } else if (entered.published == result) {
        ++served;
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(runners, 1);
  EXPECT_EQ(served, 15);
}

TEST(Flights, WhoComesLateIsToldOfALanding) {
  Flights flights;
  const std::uint32_t before = flights.landings(ProbeKey{});
  auto first = flights.enter(ProbeKey{}, kStay);
  EXPECT_EQ(flights.landings(ProbeKey{}), before);
  first.turn->land(some_result());
  EXPECT_NE(flights.landings(ProbeKey{}), before);
  const std::uint32_t after = flights.landings(ProbeKey{});
  {
    const auto abandoned = flights.enter(ProbeKey{}, kStay);
  }
  EXPECT_EQ(flights.landings(ProbeKey{}), after);
}

TEST(Flights, ADeadRunnerIsFollowedByOneWaiter) {
  Flights flights;
  auto first = std::make_unique<Flights::Entered>(flights.enter(ProbeKey{}, kStay));
  ASSERT_TRUE(first->turn);
  std::atomic<int> runners{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      auto entered = flights.enter(ProbeKey{}, kStay);
      if (entered.turn) {
        ++runners;
        entered.turn->land(some_result());
      }
    });
  }
  wait_for(flights, 4);
  first.reset();  // its turn ends without landing
  for (auto& t : threads) t.join();
  EXPECT_GE(runners, 1);
}

TEST(Flights, ARunnerWithNothingToShareSetsAllFree) {
  Flights flights;
  auto first = flights.enter(ProbeKey{}, kStay);
  std::atomic<int> free{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      auto entered = flights.enter(ProbeKey{}, kStay);
      if (!entered.turn && !entered.published) ++free;
    });
  }
  wait_for(flights, 4);
  first.turn->land(nullptr);
  for (auto& t : threads) t.join();
  EXPECT_EQ(free, 4);
}

TEST(Flights, AWaiterWhoseClientLeftGivesUp) {
  Flights flights;
  auto first = flights.enter(ProbeKey{}, kStay);
  const auto entered = flights.enter(ProbeKey{}, [] { return false; });
  EXPECT_FALSE(entered.turn);
  EXPECT_FALSE(entered.published);
}

// A suspended one may take forever.
TEST(Flights, WhoeverIsStoppedIsNotWaitedFor) {
  const pid_t runner = ::fork();
  if (runner == 0) {
    for (;;) ::pause();
  }
  Flights flights;
  auto first = flights.enter(ProbeKey{}, kStay, runner);
  std::thread waiter([&] {
    const auto entered = flights.enter(ProbeKey{}, kStay);
    EXPECT_FALSE(entered.turn);
    EXPECT_FALSE(entered.published);
  });
  while (flights.waiting() == 0) std::this_thread::yield();
  ::kill(runner, SIGSTOP);
  waiter.join();
  ::kill(runner, SIGKILL);
  ::waitpid(runner, nullptr, 0);
  first.turn->land(some_result());
}

// A waiter looks once a second whether its client is still there; the run may end meanwhile.
TEST(Flights, ALandingBetweenTwoLooksIsNotMissed) {
  Flights flights;
  auto first = flights.enter(ProbeKey{}, kStay);
  const auto landed = some_result();
  const auto entered = flights.enter(ProbeKey{}, [&] {
    if (first.turn) {
      first.turn->land(landed);
      first.turn.reset();
    }
    return true;
  });
  EXPECT_FALSE(entered.turn);
  EXPECT_EQ(entered.published, landed);
}

// It would wait for itself.
TEST(Flights, NobodyWaitsForTheRunThatHasStartedIt) {
  Flights flights;
  auto first = flights.enter(ProbeKey{}, kStay, ::getppid());
  const auto entered = flights.enter(ProbeKey{}, kStay, ::getpid());
  EXPECT_FALSE(entered.turn);
  EXPECT_FALSE(entered.published);
  first.turn->land(some_result());
}

TEST(Flights, DifferentKeysDoNotWaitForEachOther) {
  Flights flights;
  ProbeKey other;
  other.digest.bytes[0] = 1;
  auto a = flights.enter(ProbeKey{}, kStay);
  auto b = flights.enter(other, kStay);
  EXPECT_TRUE(a.turn && b.turn);
}

}  // namespace
}  // namespace deja::pipeline
