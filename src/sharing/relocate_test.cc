// SPDX-License-Identifier: Apache-2.0
#include "sharing/relocate.h"

#include <gtest/gtest.h>

namespace deja::sharing {
namespace {

using action::Roots;

TEST(Relocate, OneDirectoryForAnotherCanBeMoved) {
  EXPECT_TRUE(can_move(Roots("/a/b", "/a"), Roots("/a/b", "/a")));
  EXPECT_TRUE(can_move(Roots("/a/b", "/a"), Roots("/x/b", "/x")));    // a second checkout
  EXPECT_TRUE(can_move(Roots("/w/b1", "/w"), Roots("/w/b2", "/w")));  // a second build directory
  EXPECT_TRUE(can_move(Roots("/a", "/a"), Roots("/x", "/x")));
}

TEST(Relocate, WhatIsNotOneDirectoryForAnotherCannot) {
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

Roots with_logical(Roots roots, const std::string& logical) {
  roots.set(action::Root::logical_cwd, logical);
  return roots;
}

TEST(Relocate, ARootThatIsNotThereCannotBeNamed) {
  const Roots from = with_logical(Roots("/a", "/a"), "/link");
  EXPECT_TRUE(can_move(from, Roots("/a", "/a")));
  EXPECT_EQ(move_text("/a/f", from, Roots("/x", "/x")), "/x/f");
  EXPECT_EQ(move_text("/link/f", from, Roots("/a", "/a")), std::nullopt);
  EXPECT_EQ(move_text("/link/f", from, with_logical(Roots("/x", "/x"), "/l2")), "/l2/f");
}

TEST(Relocate, NothingMovesTwice) {
  EXPECT_FALSE(
      can_move(with_logical(Roots("/a", "/a"), "/b"), with_logical(Roots("/b", "/b"), "/c")));
}

TEST(Relocate, TheTargetMovesWithTheNameOfTheOutput) {
  Roots from("/a", "/a"), to("/a", "/a");
  from.set_spelled_output("x.o");
  to.set_spelled_output("y.o");
  const auto moves = find_moves(from, to);
  ASSERT_TRUE(moves);
  EXPECT_TRUE(moves->paths.empty());
  EXPECT_EQ(moves->old_target, "x.o");
  EXPECT_EQ(moves->new_target, "y.o");
}

}  // namespace
}  // namespace deja::sharing
