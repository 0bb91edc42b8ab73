// SPDX-License-Identifier: Apache-2.0
#include "remote/breaker.h"

#include <gtest/gtest.h>

#include "remote/mem_transport.h"
#include "remote/test_clock.h"
#include "remote/test_objects.h"

namespace deja::remote {
namespace {

using State = BreakerTransport::State;
using Circuit = BreakerTransport::Circuit;

class Breaker : public testing::Test {
 protected:
  static std::unique_ptr<MemTransport> memory(MemTransport** at, TestClock& clock) {
    auto mem = std::make_unique<MemTransport>(
        std::make_shared<MemRemote>(),
        MemTransport::Options{.now_ns = [&clock] { return clock.now_ns(); }});
    *at = mem.get();
    return mem;
  }
  std::optional<Code> get(Deadline deadline = kNoLimit) {
    return code_of(transport_.get(name_, 10, deadline));
  }
  std::optional<Code> put() { return code_of(transport_.put(name_, {.bytes = "x"}, kNoLimit)); }
  State reads() { return transport_.health(Circuit::reads).state; }
  State writes() { return transport_.health(Circuit::writes).state; }
  // The remote does not answer: the call takes all of its time.
  void hang() {
    remote_->set_before([this](Call, Deadline deadline) {
      clock_.advance(deadline.at_ns - clock_.now_ns());
      return Status();
    });
  }

  TestClock clock_;
  MemTransport* remote_ = nullptr;
  BreakerTransport transport_{memory(&remote_, clock_),
                              {.failures = 3,
                               .patience_ns = 200 * kMs,
                               .pause_ns = 30 * kSecond,
                               .longest_pause_ns = 100 * kSecond,
                               .clock = clock_}};
  const Name name_ = record_name("r");
};

TEST_F(Breaker, ADeadRemoteCostsOneDeadline) {
  hang();
  const std::int64_t start = clock_.now_ns();
  EXPECT_EQ(get({clock_.now_ns() + 500 * kMs}), Code::timeout);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(get({clock_.now_ns() + 500 * kMs}), Code::unavailable);
  EXPECT_EQ(clock_.now_ns() - start, 500 * kMs);
  EXPECT_EQ(remote_->calls(), 1);
  EXPECT_EQ(transport_.health(Circuit::reads).skipped, 1000);
}

TEST_F(Breaker, OpensAfterFailuresInARow) {
  for (int round = 0; round < 3; ++round) {
    remote_->fail(2, kBusy);
    EXPECT_EQ(get(), Code::unavailable);
    EXPECT_EQ(get(), Code::unavailable);
    EXPECT_EQ(get(), std::nullopt);  // the row ends here
  }
  EXPECT_EQ(reads(), State::closed);
  remote_->fail(3, kBusy);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(), Code::unavailable);
  EXPECT_EQ(reads(), State::open);
  const int before = remote_->calls();
  const auto skipped = transport_.get(name_, 10, kNoLimit);
  EXPECT_EQ(code_of(skipped), Code::unavailable);
  EXPECT_NE(skipped.error().message.find("busy"), std::string::npos) << skipped.error().message;
  EXPECT_EQ(remote_->calls(), before);
}

TEST_F(Breaker, OpensAtOnceWhenItIsRefused) {
  remote_->fail(1, {Code::denied, 0, "403"});
  EXPECT_EQ(get(), Code::denied);
  EXPECT_EQ(reads(), State::open);
}

TEST_F(Breaker, ARefusedWriteDoesNotEndReading) {
  remote_->fail(1, {Code::denied, 0, "403"});
  EXPECT_EQ(put(), Code::denied);
  EXPECT_EQ(writes(), State::open);
  EXPECT_EQ(get(), std::nullopt);
  EXPECT_EQ(reads(), State::closed);
}

TEST_F(Breaker, ALittleTimeProvesLittle) {
  hang();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(get({clock_.now_ns() + 20 * kMs}), Code::timeout);
  EXPECT_EQ(reads(), State::closed);
  EXPECT_EQ(get({clock_.now_ns() + 20 * kMs}), Code::timeout);
  EXPECT_EQ(reads(), State::open);
}

TEST_F(Breaker, ADeadlineInThePastProvesNothing) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get(kPast), Code::timeout);
  EXPECT_EQ(reads(), State::closed);
}

TEST_F(Breaker, ASinksErrorProvesNothing) {
  ASSERT_EQ(put(), std::nullopt);
  const auto sink = [](std::string_view) { return Status(Error{Code::denied, 0, "disk"}); };
  EXPECT_EQ(code_of(transport_.get_to(name_, 10, sink, kNoLimit)), Code::denied);
  EXPECT_EQ(reads(), State::closed);
}

TEST_F(Breaker, ProbesAfterThePauseAndDoublesIt) {
  remote_->fail(4, kBusy);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(), Code::unavailable);
  clock_.advance(30 * kSecond - 1);
  EXPECT_EQ(get(), Code::unavailable);
  EXPECT_EQ(remote_->calls(), 3);
  clock_.advance(1);
  EXPECT_EQ(get(), Code::unavailable);  // the probe
  EXPECT_EQ(remote_->calls(), 4);
  clock_.advance(60 * kSecond - 1);
  EXPECT_EQ(get(), Code::unavailable);
  EXPECT_EQ(remote_->calls(), 4);
  clock_.advance(1);
  EXPECT_EQ(get(), std::nullopt);
  EXPECT_EQ(reads(), State::closed);
  EXPECT_EQ(transport_.health(Circuit::reads).opened, 2);
}

TEST_F(Breaker, OneCallerProbes) {
  remote_->fail(3, kBusy);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(), Code::unavailable);
  clock_.advance(30 * kSecond);
  int inside = 0;
  remote_->set_before([this, &inside](Call, Deadline) {
    if (++inside == 1) {
      // While the probe is under way, nobody else asks.
      EXPECT_EQ(reads(), State::probing);
      EXPECT_EQ(get(), Code::unavailable);
    }
    return Status();
  });
  EXPECT_EQ(get(), std::nullopt);
  EXPECT_EQ(inside, 1);
  EXPECT_EQ(get(), std::nullopt);
}

TEST_F(Breaker, AProbeThatProvesNothingIsRepeated) {
  remote_->fail(3, kBusy);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(), Code::unavailable);
  clock_.advance(30 * kSecond);
  remote_->fail(1, {Code::invalid, 0, "what?"});
  EXPECT_EQ(get(), Code::invalid);
  EXPECT_EQ(get(), std::nullopt);
  EXPECT_EQ(reads(), State::closed);
}

}  // namespace
}  // namespace deja::remote
