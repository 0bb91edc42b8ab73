// SPDX-License-Identifier: Apache-2.0
#include "base/spelling.h"

#include <gtest/gtest.h>

namespace deja {
namespace {

TEST(Spelling, CountsMistakes) {
  EXPECT_EQ(mistakes_between("limit", "limit"), 0u);
  EXPECT_EQ(mistakes_between("limti", "limit"), 1u);
  EXPECT_EQ(mistakes_between("limt", "limit"), 1u);
  EXPECT_EQ(mistakes_between("limmit", "limit"), 1u);
  EXPECT_EQ(mistakes_between("lamit", "limit"), 1u);
  EXPECT_EQ(mistakes_between("", "limit"), 5u);
  EXPECT_EQ(mistakes_between("limit", ""), 5u);
}

TEST(Spelling, AShortWordMayHaveOneMistake) {
  EXPECT_EQ(mistakes_allowed("log"), 1u);
  EXPECT_EQ(mistakes_allowed("exclude"), 2u);
}

}  // namespace
}  // namespace deja
