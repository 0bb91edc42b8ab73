// SPDX-License-Identifier: Apache-2.0
#include "explain/change_text.h"

#include <gtest/gtest.h>

namespace deja::explain {
namespace {

std::string text_of(const std::string& reason) {
  journal::Event event;
  event.cwd = "/w";
  event.reason = reason;
  return change_text(event);
}

TEST(ChangeText, IsASentence) {
  EXPECT_EQ(text_of("changed: file <cwd>/a.h"), "file /w/a.h changed");
  EXPECT_EQ(text_of("changed: variable LANG"), "variable LANG changed");
  EXPECT_EQ(text_of("changed: <cwd>/a.h, which was not there"), "/w/a.h was not there before");
  EXPECT_EQ(text_of("changed: variable A, which was not set"), "variable A was not set before");
  EXPECT_EQ(text_of("changed: symlink /l, which led to /x"), "symlink /l led to /x before");
  EXPECT_EQ(text_of("changed: directory /w2, which an output names and which was at /w"),
            "directory /w2 was at /w before, and an output names it");
  EXPECT_EQ(text_of("changed: name of the output, which the output holds and which was a.o"),
            "name of the output was a.o before, and the output holds it");
}

TEST(ChangeText, IsEmptyForOtherReasons) {
  for (const char* reason : {"", "new", "evicted", "exit code 1"}) EXPECT_EQ(text_of(reason), "");
}

}  // namespace
}  // namespace deja::explain
