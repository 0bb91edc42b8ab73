// SPDX-License-Identifier: Apache-2.0
#include "tool/rust/incremental.h"

#include <gtest/gtest.h>

namespace deja::tool::rust {
namespace {

ProbeKey key(char c) { return {*Digest::from_hex(std::string(64, c))}; }

TEST(IncrementalPolicy, AreTakenWhenACrateMissesAgainAndAgain) {
  IncrementalPolicy policy;
  for (int i = 0; i < IncrementalPolicy::kPatience; ++i) EXPECT_FALSE(policy.missed(key('1'), i));
  EXPECT_FALSE(policy.missed(key('2'), 9));
  EXPECT_TRUE(policy.missed(key('1'), 10));
  EXPECT_TRUE(policy.missed(key('1'), 11));
}

TEST(IncrementalPolicy, AHitOrAnHourEndsThem) {
  IncrementalPolicy policy;
  const auto take = [&](std::int64_t now_ns) {
    for (int i = 0; i < IncrementalPolicy::kPatience; ++i)
      EXPECT_FALSE(policy.missed(key('1'), now_ns));
    EXPECT_TRUE(policy.missed(key('1'), now_ns));
  };
  take(0);
  policy.hit(key('1'));
  take(0);
  EXPECT_TRUE(policy.missed(key('1'), IncrementalPolicy::kIdleNs));
  take(2 * IncrementalPolicy::kIdleNs + 1);
}

}  // namespace
}  // namespace deja::tool::rust
