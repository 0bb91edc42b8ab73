// SPDX-License-Identifier: Apache-2.0
#include "os/failpoint.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace deja::os {
namespace {

TEST(Failpoint, FailsExactlyTheNth) {
  ASSERT_TRUE(arm_failpoint("ENOSPC@2"));
  EXPECT_EQ(failpoint(), 0);
  EXPECT_EQ(failpoint(), ENOSPC);
  EXPECT_EQ(failpoint(), 0);
  EXPECT_EQ(failpoints_passed(), 3);
  disarm_failpoint();
  EXPECT_EQ(failpoint(), 0);
}

TEST(Failpoint, PlusMeansFromThenOn) {
  ASSERT_TRUE(arm_failpoint("EIO@2+"));
  EXPECT_EQ(failpoint(), 0);
  EXPECT_EQ(failpoint(), EIO);
  EXPECT_EQ(failpoint(), EIO);
  disarm_failpoint();
}

TEST(Failpoint, RefusesWhatItDoesNotKnow) {
  EXPECT_FALSE(arm_failpoint("EIO"));
  EXPECT_FALSE(arm_failpoint("EIO@0"));
  EXPECT_FALSE(arm_failpoint("EIO@x"));
  EXPECT_FALSE(arm_failpoint("EWHAT@1"));
}

TEST(FailpointDeathTest, KillEndsTheProcessAtOnce) {
  EXPECT_EXIT(
      {
        arm_failpoint("kill@1");
        failpoint();
      },
      ::testing::KilledBySignal(9), "");
}

}  // namespace
}  // namespace deja::os
