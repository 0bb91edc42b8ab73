#include "pipeline/relocate.h"

#include <gtest/gtest.h>

namespace deja::pipeline {
namespace {

using action::Roots;

TEST(Relocate, OneFolderForAnotherCanBeMoved) {
  EXPECT_TRUE(can_move(Roots("/a/b", "/a"), Roots("/a/b", "/a")));
  EXPECT_TRUE(can_move(Roots("/a/b", "/a"), Roots("/x/b", "/x")));    // a second checkout
  EXPECT_TRUE(can_move(Roots("/w/b1", "/w"), Roots("/w/b2", "/w")));  // a second build folder
  EXPECT_TRUE(can_move(Roots("/a", "/a"), Roots("/x", "/x")));
}

TEST(Relocate, WhatIsNotOneFolderForAnotherCannot) {
  EXPECT_FALSE(can_move(Roots("/a/b", "/a"), Roots("/y/c", "/x")));
  EXPECT_FALSE(can_move(Roots("/a/b", "/a"), Roots("/a/b", "")));
  EXPECT_FALSE(can_move(Roots("/a/b", "/a"), Roots("/a/b", "/z")));  // cwd stays below what moves
}

TEST(Relocate, TextMovesAtPathBoundariesOnly) {
  const Roots from("/a/b", "/a");
  const Roots to("/xyz/b", "/xyz");
  EXPECT_EQ(move_text("/a/b/c.c:1: '/a' /ab /x/a/b \"/a/i.h\"", from, to),
            "/xyz/b/c.c:1: '/xyz' /ab /x/a/b \"/xyz/i.h\"");
  EXPECT_EQ(move_text("", from, to), "");
  EXPECT_EQ(move_text("/a", from, from), "/a");
}

TEST(Relocate, AMoveIntoItselfIsDoneOnce) {
  EXPECT_EQ(move_text("/a/f", Roots("/a", "/a"), Roots("/a/a", "/a/a")), "/a/a/f");
}

}  // namespace
}  // namespace deja::pipeline
