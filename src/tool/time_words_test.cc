// SPDX-License-Identifier: Apache-2.0
#include "tool/time_words.h"

#include <gtest/gtest.h>

#include <vector>

namespace deja::tool {
namespace {

bool may_spell(const std::vector<std::string_view>& texts,
               TimeWords::Kind kind = TimeWords::Kind::source) {
  TimeWords words;
  for (const std::string_view text : texts) words.add(text, kind);
  return words.may_be_spelled();
}

TEST(TimeWords, NothingButTheDateIsSpelled) {
  EXPECT_FALSE(may_spell({}));
  EXPECT_FALSE(may_spell({"", "const char* d = __DATE__;", "#define T int\n#define _ 1"}));
  // Words that contain a name, and names that contain a word.
  EXPECT_FALSE(
      may_spell({"X__TIME__ __TIME__x __TIME___ 0__TIME__ __TIMES__ __time__ MY_TIME TIMEX"}));
  EXPECT_FALSE(may_spell({"template <typename T, class E> struct I; int M_;"}));
}

TEST(TimeWords, NamesThatAreSpelledOut) {
  EXPECT_TRUE(may_spell({"__TIME__"}));
  EXPECT_TRUE(may_spell({"const char* t = __DATE__\" \"__TIME__;"}));
  EXPECT_TRUE(may_spell({"int a;", "char t[]=__TIMESTAMP__;"}));
  EXPECT_TRUE(may_spell({"\"__TIME__\""})) << "a pragma may read literals";
}

TEST(TimeWords, NamesThatAreMadeOfPieces) {
  EXPECT_TRUE(may_spell({"#define C(a, b) a##b", "C(__TI, ME__)"}));
  EXPECT_TRUE(may_spell({"#define N(x) __##x##__", "N(TIME)"}));
  EXPECT_TRUE(may_spell({"__TIMEST", "AMP", "__"}));
  EXPECT_TRUE(may_spell({"T", "I M", "E"})) << "underscores may come from the compiler";
  EXPECT_TRUE(may_spell({"__TIM\\\nE__"})) << "over the end of a line";
  EXPECT_TRUE(may_spell({"_TIME_"}));
  EXPECT_FALSE(may_spell({"__TI", "E__"}));
  EXPECT_FALSE(may_spell({"I M E"}));
  EXPECT_FALSE(may_spell({"STAMP", "AMP__", "__TI"}));
}

TEST(TimeWords, CommentsCountOnlyWhereTheyMayBeNone) {
  const char* const text = "// at any TIME\n/* __TIME__ */ int a;";
  EXPECT_FALSE(may_spell({text}));
  EXPECT_TRUE(may_spell({text}, TimeWords::Kind::unknown));
  EXPECT_TRUE(may_spell({text, "#define A TIME"}));
}

}  // namespace
}  // namespace deja::tool
