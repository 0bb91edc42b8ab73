// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace deja {
namespace {

Result<std::unique_ptr<int>> make(bool works) {
  if (!works) return Error{Code::corrupt, 0, "bad"};
  return std::make_unique<int>(3);
}

Result<int> use(bool works) {
  auto p = TRY(make(works));
  return *p;
}

TEST(Result, TryPassesTheValueOrTheError) {
  EXPECT_EQ(*use(true), 3);
  const auto failed = use(false);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::corrupt);
}

TEST(Result, ContextNamesTheWayUp) {
  EXPECT_EQ((Error{Code::io, 0, "inner"}.context("outer").message), "outer: inner");
}

TEST(Result, SystemErrorsKeepErrnoAndKind) {
  errno = ENOSPC;
  const Error e = sys_error("write", "/x");
  EXPECT_EQ(e.code, Code::no_space);
  EXPECT_EQ(e.sys_errno, ENOSPC);
  EXPECT_EQ(e.message, "write /x: No space left on device");
}

}  // namespace
}  // namespace deja
