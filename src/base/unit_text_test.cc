// SPDX-License-Identifier: Apache-2.0
#include "base/unit_text.h"

#include <gtest/gtest.h>

#include "base/bool_text.h"

namespace deja {
namespace {

TEST(BoolText, WordsInAnyCase) {
  for (const char* text : {"1", "true", "Yes", "ON", " on "}) EXPECT_EQ(parse_bool(text), true);
  for (const char* text : {"0", "false", "No", "OFF", "\toff"}) EXPECT_EQ(parse_bool(text), false);
  for (const char* text : {"", "maybe", "tru", "truee", "2", "o n"}) EXPECT_FALSE(parse_bool(text));
}

TEST(UnitText, Durations) {
  EXPECT_EQ(parse_duration_ns("90"), 90'000'000'000U);
  EXPECT_EQ(parse_duration_ns("1.5s"), 1'500'000'000U);
  EXPECT_EQ(parse_duration_ns("250ms"), 250'000'000U);
  EXPECT_EQ(parse_duration_ns("0.1ms"), 100'000U);
  EXPECT_EQ(parse_duration_ns("15 M"), 900'000'000'000U);
  EXPECT_EQ(parse_duration_ns("7d"), 7ULL * 86400 * 1'000'000'000);
  EXPECT_EQ(parse_duration_ns("0"), 0U);
  for (const char* text : {"", "soon", "-1", "1w", "nan", "inf", "1.s", "1e3", "s", "1s s",
                           "99999999999d", "20000000000"})
    EXPECT_FALSE(parse_duration_ns(text)) << text;
}

}  // namespace
}  // namespace deja
