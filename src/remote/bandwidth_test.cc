// SPDX-License-Identifier: Apache-2.0
#include "remote/bandwidth.h"

#include <gtest/gtest.h>

#include "remote/mem_transport.h"
#include "remote/test_clock.h"
#include "remote/test_objects.h"

namespace deja::remote {
namespace {

class Bandwidth : public testing::Test {
 protected:
  BandwidthTransport make(BandwidthTransport::Options options) {
    auto mem = std::make_unique<MemTransport>(
        std::make_shared<MemRemote>(),
        MemTransport::Options{.now_ns = [this] { return clock_.now_ns(); }});
    remote_ = mem.get();
    return BandwidthTransport(std::move(mem), options);
  }
  std::int64_t passed_ms() const { return (clock_.now_ns() - start_ns_) / kMs; }
  mutable TestClock clock_;
  const std::int64_t start_ns_ = clock_.now_ns();
  MemTransport* remote_ = nullptr;
  const Name name_ = record_name("r");
};

TEST_F(Bandwidth, HoldsTheMeanOfManyUploads) {
  BandwidthTransport transport = make({.upload_bytes_per_s = 1'000'000, .clock = clock_});
  const std::string bytes(500'000, 'x');
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(transport.put(name_, {.bytes = bytes}, kNoLimit));
  // 6 MB; the first second's was there, and the last one's debt is not waited for.
  EXPECT_GE(passed_ms(), 4000);
  EXPECT_LE(passed_ms(), 5001);
}

TEST_F(Bandwidth, AnObjectLargerThanTheBucketPasses) {
  BandwidthTransport transport = make({.upload_bytes_per_s = 1000, .clock = clock_});
  ASSERT_TRUE(transport.put(name_, {.bytes = std::string(10'000, 'x')}, kNoLimit));
  EXPECT_EQ(passed_ms(), 0);
  ASSERT_TRUE(transport.replace(name_, "y", "1", kNoLimit));
  EXPECT_EQ(passed_ms(), 9000);
}

TEST_F(Bandwidth, SlowsAStreamAtEachPiece) {
  BandwidthTransport transport = make({.download_bytes_per_s = 64 << 10, .clock = clock_});
  const std::string bytes = noise(640 << 10);  // ten pieces, a second each
  ASSERT_TRUE(transport.put(name_, {.bytes = bytes}, kNoLimit));
  EXPECT_EQ(passed_ms(), 0);  // the other direction is free
  EXPECT_TRUE(read_streamed(transport, name_) == bytes);
  EXPECT_GE(passed_ms(), 7000);
  EXPECT_LE(passed_ms(), 9001);
}

TEST_F(Bandwidth, CountsWhatGetsHaveBrought) {
  BandwidthTransport transport = make({.download_bytes_per_s = 1000, .clock = clock_});
  ASSERT_TRUE(transport.put(name_, {.bytes = std::string(2000, 'x')}, kNoLimit));
  ASSERT_TRUE(transport.get(name_, 9999, kNoLimit));
  ASSERT_TRUE(transport.get_many(std::vector{name_, name_}, 9999, kNoLimit));
  EXPECT_EQ(passed_ms(), 1000);
  EXPECT_EQ(code_of(transport.get(name_, 9999, {clock_.now_ns() + 3999 * kMs})), Code::timeout);
  EXPECT_EQ(passed_ms(), 1000);  // it does not wait in vain
  EXPECT_TRUE(transport.get(name_, 9999, {clock_.now_ns() + 4100 * kMs}));
}

TEST_F(Bandwidth, StopEndsTheWaiting) {
  BandwidthTransport transport = make({.upload_bytes_per_s = 1000, .clock = clock_});
  ASSERT_TRUE(transport.put(name_, {.bytes = std::string(10'000, 'x')}, kNoLimit));
  transport.stop();
  EXPECT_EQ(code_of(transport.put(name_, {.bytes = "x"}, kNoLimit)), Code::unavailable);
}

}  // namespace
}  // namespace deja::remote
