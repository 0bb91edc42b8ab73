// SPDX-License-Identifier: Apache-2.0
// The table of reasons, its examples and docs/bypass.md agree.
#include <gtest/gtest.h>

#include <cstdlib>

#include "os/file.h"
#include "tool/bypass_page.h"
#include "tool/cc/test_command.h"
#include "tool/tool.h"
#include "tool/tools_page.h"

namespace deja::tool {
namespace {

TEST(Bypass, HasOneRowForEveryReasonInOrder) {
  std::size_t index = 0;
  for (const BypassRow& row : bypass_rows()) {
    EXPECT_EQ(static_cast<std::size_t>(row.reason), index++);
    EXPECT_STREQ(bypass_name(row.reason), row.name);
    EXPECT_TRUE(std::string_view(row.sentence).ends_with(".")) << row.name;
    EXPECT_NE(std::string_view(row.remedy), "") << row.name;
  }
  EXPECT_EQ(index, static_cast<std::size_t>(BypassReason::not_run) + 1);
}

std::string row_name(const testing::TestParamInfo<BypassRow>& info) { return info.param.name; }

// The rows whose example an adapter decides by the command line alone. The engine decides the
// others.
std::vector<BypassRow> rows_of_adapters() {
  std::vector<BypassRow> rows;
  for (const BypassRow& row : bypass_rows())
    if (row.example[0] != '\0' && row.reason != BypassReason::disabled) rows.push_back(row);
  return rows;
}

class BypassExample : public testing::TestWithParam<BypassRow> {};
INSTANTIATE_TEST_SUITE_P(Rows, BypassExample, testing::ValuesIn(rows_of_adapters()), row_name);

TEST_P(BypassExample, ReachesItsReason) {
  const auto classified = cc::classify_text(GetParam().example, {{"endless.rsp", "@endless.rsp"}});
  ASSERT_TRUE(std::holds_alternative<Bypass>(classified)) << GetParam().example;
  EXPECT_STREQ(bypass_name(std::get<Bypass>(classified).reason), GetParam().name)
      << GetParam().example;
}

// To write the page again: DEJA_WRITE_DOCS=1 tool_test --gtest_filter=Bypass.*
void expect_page(const std::string& name, const std::string& page) {
  const std::string path = DEJA_DOCS "/" + name;
  if (std::getenv("DEJA_WRITE_DOCS") != nullptr) {
    ASSERT_TRUE(os::write_file_atomic(path, page, 0644));
  }
  const auto text = os::read_file_if_exists(path);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->value_or(""), page) << "the page that belongs there:\n" << page;
}

TEST(Bypass, PagesAreWhatTheTablesSay) {
  expect_page("bypass.md", bypass_page());
  expect_page("tools.md", tools_page());
}

}  // namespace
}  // namespace deja::tool
