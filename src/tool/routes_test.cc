// SPDX-License-Identifier: Apache-2.0
#include "tool/routes.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "tool/tool.h"

namespace deja::tool {
namespace {

TEST(Routes, NameEachProgramOnce) {
  std::set<std::string_view> seen;
  for (const RouteRow& row : route_rows(true))
    EXPECT_TRUE(seen.insert(row.name).second) << row.name;
}

// A name without an adapter would be stored by proof alone, and its arguments would not be understood.
TEST(Routes, HaveAnAdapterForEachTool) {
  for (const RouteRow& row : route_rows(true))
    EXPECT_EQ(find_adapter(row.name) != nullptr, row.role == ProgramRole::tool) << row.name;
}

TEST(Routes, LeaveTestsAloneUnlessAsked) {
  const auto role_of_ctest = [](bool with_tests) {
    for (const RouteRow& row : route_rows(with_tests))
      if (row.name == "ctest") return row.role;
    return ProgramRole::tool;
  };
  EXPECT_EQ(role_of_ctest(false), ProgramRole::left_alone);
  EXPECT_EQ(role_of_ctest(true), ProgramRole::driver);
}

}  // namespace
}  // namespace deja::tool
