// SPDX-License-Identifier: Apache-2.0
#include "remote/retry.h"

#include <gtest/gtest.h>

#include <thread>

#include "remote/deadline.h"
#include "remote/mem_transport.h"
#include "remote/test_clock.h"
#include "remote/test_objects.h"

namespace deja::remote {
namespace {

class Retry : public testing::Test {
 protected:
  RetryTransport make(RetryTransport::Options options) {
    auto mem = std::make_unique<MemTransport>(
        std::make_shared<MemRemote>(),
        MemTransport::Options{.now_ns = [this] { return clock_.now_ns(); }});
    remote_ = mem.get();
    return RetryTransport(std::move(mem), std::move(options));
  }
  RetryTransport make() {
    return make({.attempts = 4,
                 .first_wait_ns = 100 * kMs,
                 .longest_wait_ns = 150 * kMs,
                 .clock = clock_,
                 .random = [] { return 0.5; }});
  }
  TestClock clock_;
  MemTransport* remote_ = nullptr;
  const Name name_ = record_name("r");
};

TEST_F(Retry, WaitsARandomPartOfADoublingTime) {
  RetryTransport transport = make();
  remote_->fail(3, kBusy);
  EXPECT_TRUE(transport.put(name_, {.bytes = "x"}, kNoLimit));
  EXPECT_EQ(remote_->calls(Call::put), 4);
  EXPECT_EQ(clock_.waits_ns(), (std::vector<std::int64_t>{50 * kMs, 75 * kMs, 75 * kMs}));
}

TEST_F(Retry, GivesUpAfterTheLastAttempt) {
  RetryTransport transport = make();
  remote_->fail(100, kBusy);
  const auto got = transport.get(name_, 10, kNoLimit);
  EXPECT_EQ(code_of(got), Code::unavailable);
  EXPECT_EQ(got.error().message, "busy");
  EXPECT_EQ(remote_->calls(), 4);
}

TEST_F(Retry, RepeatsNoOtherError) {
  RetryTransport transport = make();
  for (const Code code : {Code::denied, Code::timeout, Code::no_space, Code::protocol,
                          Code::corrupt, Code::invalid, Code::io}) {
    const int before = remote_->calls();
    remote_->fail(1, {code, 0, "no"});
    EXPECT_EQ(code_of(transport.get(name_, 10, kNoLimit)), code);
    EXPECT_EQ(remote_->calls(), before + 1);
  }
}

TEST_F(Retry, DoesNotWaitBeyondTheDeadline) {
  RetryTransport transport = make();
  remote_->fail(100, kBusy);
  const Deadline deadline{clock_.now_ns() + 60 * kMs};
  EXPECT_EQ(code_of(transport.get(name_, 10, deadline)), Code::unavailable);
  EXPECT_EQ(clock_.waits_ns(), std::vector<std::int64_t>{50 * kMs});
  EXPECT_EQ(remote_->calls(), 2);
}

TEST_F(Retry, ShowsNoByteTwice) {
  RetryTransport transport = make();
  ASSERT_TRUE(transport.put(name_, {.bytes = "bytes"}, kNoLimit));
  int pieces = 0;
  const auto sink = [&pieces](std::string_view) {
    ++pieces;
    return Status(Error(kBusy));  // as if the connection broke after the first piece
  };
  EXPECT_EQ(code_of(transport.get_to(name_, 10, sink, kNoLimit)), Code::unavailable);
  EXPECT_EQ(pieces, 1);
  remote_->fail(1, kBusy);
  EXPECT_EQ(read_streamed(transport, name_), "bytes");
}

TEST_F(Retry, StopEndsTheWaiting) {
  RetryTransport transport = make();
  remote_->set_before([&transport](Call, Deadline) {
    transport.stop();
    return Status(Error(kBusy));
  });
  EXPECT_EQ(code_of(transport.get(name_, 10, kNoLimit)), Code::unavailable);
  EXPECT_EQ(remote_->calls(), 1);
  EXPECT_TRUE(clock_.waits_ns().empty());
}

TEST(StopSignal, EndsAWaitThatHasNoEnd) {
  StopSignal stop;
  std::jthread waiter([&stop] { EXPECT_FALSE(stop.wait_until(std::int64_t{1} << 62)); });
  stop.set();
}

TEST(DeadlineTransportTest, ShortensButNeverExtends) {
  TestClock clock;
  auto mem = std::make_unique<MemTransport>(
      std::make_shared<MemRemote>(),
      MemTransport::Options{.now_ns = [&clock] { return clock.now_ns(); }});
  std::vector<std::int64_t> rests_ns;
  mem->set_before([&](Call, Deadline deadline) {
    rests_ns.push_back(deadline.at_ns - clock.now_ns());
    return Status();
  });
  DeadlineTransport transport(
      std::move(mem), {.answer_ns = 500 * kMs, .transfer_ns = 60 * kSecond, .clock = clock});
  const Name name = record_name("r");
  const Deadline close{clock.now_ns() + 7};
  ASSERT_TRUE(transport.get(name, 10, kNoLimit));
  ASSERT_TRUE(transport.get(name, 10, close));
  ASSERT_TRUE(transport.get(name, 10, {clock.now_ns() + 900 * kMs}));
  ASSERT_TRUE(transport.put(name, {.bytes = "x"}, kNoLimit));
  ASSERT_TRUE(transport.put(name, {.bytes = "x"}, close));
  EXPECT_EQ(rests_ns, (std::vector<std::int64_t>{500 * kMs, 7, 500 * kMs, 60 * kSecond, 7}));
}

}  // namespace
}  // namespace deja::remote
