// SPDX-License-Identifier: Apache-2.0
#include "sharing/root_search.h"

#include <gtest/gtest.h>

#include "os/directory_test.h"
#include "os/file.h"

namespace deja::sharing {
namespace {

using action::Root;
using action::Roots;

class RootSearchTest : public os::DirectoryTest {
 protected:
  RootSearch search(const std::string& bytes) {
    RootSearch leaks(Roots("/work/build", "/work"));
    EXPECT_TRUE(os::write_file_atomic(dir_ + "/f", bytes));
    const auto fd = os::open_read(dir_ + "/f");
    EXPECT_TRUE(leaks.search(*fd));
    return leaks;
  }
};

TEST_F(RootSearchTest, FindsEachRootAndNothingElse) {
  EXPECT_TRUE(search("x/work/build/a.cy").found(Root::cwd));
  EXPECT_TRUE(search("x/work/build/a.cy").found(Root::workspace));
  EXPECT_FALSE(search("/work/src").found(Root::cwd));
  EXPECT_TRUE(search("/work/src").found(Root::workspace));
  EXPECT_FALSE(search("/wor k").found(Root::workspace));
  EXPECT_FALSE(search("").found(Root::workspace));
}

TEST_F(RootSearchTest, FindsTheFormThatSymbolsTake) {
  EXPECT_TRUE(search("_GLOBAL__sub_I__work_build_a_cc").found(Root::cwd));
}

TEST_F(RootSearchTest, FindsQuotedForms) {
  const Roots roots("/a b/#1", "");
  const auto found = [&](const std::string& text) {
    RootSearch leaks(roots);
    leaks.search_messages(text);
    return leaks.found(Root::cwd);
  };
  EXPECT_TRUE(found("x.o: /a\\ b/\\#1/x.c"));
  EXPECT_TRUE(found("file:///a%20b/%231/x.c"));
  EXPECT_FALSE(found("/a b/#1/x.c:3:4: warning: no\nIn file included from /a b/#1/x.h:1:\n"));
  EXPECT_TRUE(found("x.c:3:4: warning: see /a b/#1/x.c"));
  EXPECT_TRUE(found("/a b/#1/x.o: x.c y.h"));
}

TEST_F(RootSearchTest, TakesWhatMayHideTextForAFind) {
  EXPECT_TRUE(search("BC\xc0\xde and the rest").found(Root::cwd));
  EXPECT_TRUE(search("\x7f"
                     "ELF, cut short")
                  .found(Root::cwd));
}

TEST_F(RootSearchTest, FindsARootThatLiesAcrossTwoReads) {
  constexpr std::size_t kBuffer = 256 * 1024;
  for (std::size_t before = kBuffer - 14; before <= kBuffer + 1; ++before)
    EXPECT_TRUE(search(std::string(before, '.') + "/work/build").found(Root::cwd)) << before;
}

}  // namespace
}  // namespace deja::sharing
