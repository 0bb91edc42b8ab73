// SPDX-License-Identifier: Apache-2.0
#include "base/path.h"

#include <gtest/gtest.h>

namespace deja {
namespace {

TEST(Path, TidyKeepsDotDotAndCleanResolvesIt) {
  EXPECT_EQ(tidy_path("/a//b/./c/../d/"), "/a/b/c/../d");
  EXPECT_EQ(clean_path("/a//b/./c/../d/"), "/a/b/d");
  EXPECT_EQ(clean_path("/../a"), "/a");
  EXPECT_EQ(clean_path("../a/.."), "..");
  EXPECT_EQ(tidy_path("./"), ".");
  EXPECT_EQ(tidy_path("/"), "/");
}

TEST(Path, WithinRespectsComponents) {
  EXPECT_TRUE(is_within("/a/b", "/a"));
  EXPECT_TRUE(is_within("/a", "/a"));
  EXPECT_FALSE(is_within("/ab", "/a"));
  EXPECT_TRUE(is_within("/ab", "/"));
}

TEST(Path, CommonAncestor) {
  EXPECT_EQ(common_ancestor("/a/b/c", "/a/b/d"), "/a/b");
  EXPECT_EQ(common_ancestor("/a/b", "/a/b/d"), "/a/b");
  EXPECT_EQ(common_ancestor("/a/b", "/a/bc"), "/a");
  EXPECT_EQ(common_ancestor("/a", "/b"), "/");
  EXPECT_EQ(common_ancestor("/a/b", "/a/b"), "/a/b");
}

TEST(Path, ParentAndBaseName) {
  EXPECT_EQ(parent_path("/x"), "/");
  EXPECT_EQ(parent_path("x"), "");
  EXPECT_EQ(parent_path("/a/b"), "/a");
  EXPECT_EQ(base_name("/a/b"), "b");
  EXPECT_EQ(join_path("/a", "b"), "/a/b");
  EXPECT_EQ(join_path("/a/", "b"), "/a/b");
  EXPECT_EQ(join_path("/a", "/b"), "/b");
}

}  // namespace
}  // namespace deja
