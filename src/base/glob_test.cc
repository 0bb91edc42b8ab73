// SPDX-License-Identifier: Apache-2.0
#include "base/glob.h"

#include <gtest/gtest.h>

namespace deja {
namespace {

bool path(std::string_view pattern, std::string_view text) {
  return glob_matches(pattern, text, GlobOf::path);
}
bool text(std::string_view pattern, std::string_view of) {
  return glob_matches(pattern, of, GlobOf::text);
}

TEST(Glob, MatchesTheWholeText) {
  EXPECT_TRUE(path("a.c", "a.c"));
  EXPECT_FALSE(path("a.c", "a.cc"));
  EXPECT_FALSE(path("a.c", "ba.c"));
  EXPECT_TRUE(path("", ""));
  EXPECT_FALSE(path("", "a"));
  EXPECT_FALSE(path("a", ""));
}

TEST(Glob, StarsAndQuestionMarksStayWithinAName) {
  EXPECT_TRUE(path("/w/*.c", "/w/a.c"));
  EXPECT_TRUE(path("/w/*.c", "/w/.c"));
  EXPECT_FALSE(path("/w/*.c", "/w/sub/a.c"));
  EXPECT_TRUE(path("/w/?.c", "/w/a.c"));
  EXPECT_FALSE(path("/w?a.c", "/w/a.c"));
  EXPECT_FALSE(path("/w[/]a.c", "/w/a.c"));
  EXPECT_TRUE(path("*a*b*", "xaxbx"));
  EXPECT_FALSE(path("*a*b*", "xbxax"));
}

TEST(Glob, TwoStarsCrossDirectories) {
  EXPECT_TRUE(path("/w/third_party/**", "/w/third_party/x/y.c"));
  EXPECT_FALSE(path("/w/third_party/**", "/w/third_party_too/y.c"));
  EXPECT_TRUE(path("**/*.gen.c", "/w/x/a.gen.c"));
  EXPECT_TRUE(path("**/*.gen.c", "a.gen.c"));
  EXPECT_TRUE(path("/w/**/a.c", "/w/a.c"));
  EXPECT_TRUE(path("/w/**/a.c", "/w/x/y/a.c"));
  EXPECT_FALSE(path("/w/**/a.c", "/w/xa.c"));
  EXPECT_FALSE(path("**/a.c", "/w/xa.c"));
  EXPECT_TRUE(path("/w/**/**/a.c", "/w/a.c"));
  EXPECT_TRUE(path("x**/a.c", "xy/z/a.c"));  // not at the beginning of a name
  EXPECT_FALSE(path("x**/a.c", "xa.c"));
}

TEST(Glob, Sets) {
  EXPECT_TRUE(path("[a-cx].c", "b.c"));
  EXPECT_TRUE(path("[a-cx].c", "x.c"));
  EXPECT_FALSE(path("[a-cx].c", "d.c"));
  EXPECT_TRUE(path("[!a-c].c", "d.c"));
  EXPECT_FALSE(path("[!a-c].c", "a.c"));
  EXPECT_FALSE(path("[!a]", "/"));
  EXPECT_TRUE(path("[]]", "]"));
  EXPECT_TRUE(path("[a-]", "-"));
  EXPECT_TRUE(path("[a", "[a"));
  EXPECT_TRUE(path("[]", "[]"));
  EXPECT_TRUE(path("[", "["));
  EXPECT_TRUE(path("[\x80-\xff]", "\xc3"));
}

TEST(Glob, InTextASlashIsAByte) {
  EXPECT_TRUE(text("-fplugin=*", "-fplugin=/x/y.so"));
  EXPECT_FALSE(text("-fplugin=*", "-fplugin"));
  EXPECT_TRUE(text("-I?x", "-I/x"));
}

TEST(Glob, ABackslashTakesTheNextByteAsItIs) {
  EXPECT_TRUE(path("\\*.c", "*.c"));
  EXPECT_FALSE(path("\\*.c", "a.c"));
  EXPECT_TRUE(path("a\\", "a\\"));
  for (const char* odd : {"/w/a [b]*?\\x", "[!a]", "**/", "\\"}) {
    EXPECT_TRUE(path(glob_of_text(odd), odd)) << odd;
    EXPECT_FALSE(path(glob_of_text(odd), "/w/a b")) << odd;
  }
}

// A matcher that goes back and tries again would take years.
TEST(Glob, ManyStarsTakeNoLongTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  EXPECT_FALSE(text(pattern + "b", std::string(4000, 'a')));
}

}  // namespace
}  // namespace deja
