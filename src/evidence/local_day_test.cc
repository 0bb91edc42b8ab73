// SPDX-License-Identifier: Apache-2.0
#include "evidence/local_day.h"

#include <gtest/gtest.h>

namespace deja::evidence {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(LocalDay, HoldsFromItsFirstSecondToItsLast) {
  const LocalDay day{.begin_s = 1'796'004'000, .ahead_s = -50'400 + 86'400};
  const std::string text = day_text(day);
  EXPECT_TRUE(is_day(text, day.begin_s * kSecond));
  EXPECT_TRUE(is_day(text, (day.begin_s + 86'399) * kSecond + 999'999'999));
  EXPECT_FALSE(is_day(text, day.begin_s * kSecond - 1));
  EXPECT_FALSE(is_day(text, (day.begin_s + 86'400) * kSecond));
  EXPECT_TRUE(covers(day, day.begin_s * kSecond));
  EXPECT_FALSE(covers(day, 0));
}

TEST(LocalDay, IsCalledAsTheCalendarOfItsZoneCallsIt) {
  EXPECT_EQ(day_text({.begin_s = 0, .ahead_s = 0}), "1970-01-01 0");
  // 2024-02-29 in Kiribati (14 hours ahead) begins when it is 10:00 of the day before in UTC.
  EXPECT_EQ(day_text({.begin_s = 1'709'114'400, .ahead_s = 50'400}), "2024-02-29 1709114400");
  EXPECT_EQ(day_text({.begin_s = 1'709'208'000, .ahead_s = -43'200}), "2024-02-29 1709208000");
}

TEST(LocalDay, NoOtherTextIsADay) {
  for (const char* text : {"", " ", "2026-11-29", "2026-11-29 ", "2026-11-29 x", "2026-11-29 0x",
                           "2026-11-29  0", "2026-11-29 99999999999999999999"})
    EXPECT_FALSE(is_day(text, 0)) << text;
  EXPECT_TRUE(is_day("1970-01-01 0", 0));
  EXPECT_FALSE(is_day("x -9223372036854775808", 1'796'004'000 * kSecond));
}

}  // namespace
}  // namespace deja::evidence
