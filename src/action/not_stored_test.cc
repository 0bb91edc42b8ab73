// SPDX-License-Identifier: Apache-2.0
// The table of reasons and docs/not-stored.md agree.
#include "action/not_stored.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace deja::action {
namespace {

TEST(NotStored, HasOneRowForEveryReasonInOrder) {
  std::size_t index = 0;
  std::set<std::string_view> codes;
  for (const NotStoredRow& row : not_stored_rows()) {
    EXPECT_EQ(static_cast<std::size_t>(row.reason), index++);
    EXPECT_STREQ(row_of(row.reason).code, row.code);
    EXPECT_EQ(find_not_stored(row.code), &row);
    EXPECT_TRUE(codes.insert(row.code).second) << row.code << " stands for two reasons";
    EXPECT_TRUE(std::string_view(row.sentence).ends_with(".")) << row.code;
    const std::string_view remedy = row.remedy;
    EXPECT_TRUE(remedy.empty() || remedy.ends_with(".")) << row.code;
  }
  EXPECT_EQ(index, static_cast<std::size_t>(NotStored::store_failed) + 1);
  EXPECT_EQ(find_not_stored("no such code"), nullptr);
}

TEST(NotStored, FitsBehindAnotherSentence) {
  EXPECT_EQ(Problem({NotStored::tool_killed}).in_words(), "a signal ended the tool");
  EXPECT_EQ(Problem({NotStored::input_changed, "/src/a.h"}).in_words(),
            "a file that the tool used changed during the run: /src/a.h");
}

std::string page() {
  std::string text = R"(# When a run is not stored

deja looked the command up, ran the tool, and kept nothing: the next command of this kind runs again. `deja why` says
the reason, the path that it is about, and what to do; `deja stats` counts the reasons; an event has the code as
`not_stored`. This page is generated from `src/action/not_stored.cc`. To write it again:
`DEJA_WRITE_DOCS=1 action_test --gtest_filter='NotStored.*'`.

A command that is not looked up at all is a bypass: [bypass.md](bypass.md).

| code | meaning | what to do |
|---|---|---|
)";
  for (const NotStoredRow& row : not_stored_rows())
    text += std::string("| `") + row.code + "` | " + row.sentence + " | " + row.remedy + " |\n";
  return text;
}

// To write the page again: DEJA_WRITE_DOCS=1 action_test --gtest_filter='NotStored.*'
TEST(NotStored, PageIsWhatTheTableSays) {
  const char* const path = DEJA_DOCS "/not-stored.md";
  if (std::getenv("DEJA_WRITE_DOCS") != nullptr) std::ofstream(path) << page();
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, page()) << "the page that belongs there:\n" << page();
}

}  // namespace
}  // namespace deja::action
