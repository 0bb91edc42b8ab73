// SPDX-License-Identifier: Apache-2.0
#include "formats/archive_dates.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "os/file.h"

namespace deja::formats {
namespace {

std::string member(const char* name, const char* date, const char* owner, const std::string& text) {
  char header[61];
  std::snprintf(header, sizeof(header), "%-16s%-12s%-6s%-6s%-8s%-10zu`\n", name, date, owner, "0",
                "644", text.size());
  return header + text + (text.size() % 2 != 0 ? "\n" : "");
}

Result<bool> ask(const std::string& bytes) {
  char path[] = "/tmp/deja-archive-XXXXXX";
  const os::Fd file(::mkstemp(path));
  ::unlink(path);
  EXPECT_EQ(::write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return holds_dates(file);
}

TEST(ArchiveDates, FindsThemInAnyMember) {
  const std::string clean =
      "!<arch>\n" + member("/", "0", "0", "abc") + member("a.o/", "0", "0", "x");
  EXPECT_FALSE(*ask(clean));
  EXPECT_TRUE(*ask(clean + member("b.o/", "1700000000", "0", "")));
  EXPECT_TRUE(*ask(clean + member("b.o/", "0", "1000", "y")));
  EXPECT_FALSE(*ask(clean + member("//", "", "", "long names")));
}

TEST(ArchiveDates, MembersOfThinArchivesAreElsewhere) {
  std::string thin = "!<thin>\n" + member("//", "0", "0", "dir/a.o/\n");
  const std::string far = member("/0", "0", "0", std::string(100, 'x'));
  thin += far.substr(0, 60);
  EXPECT_FALSE(*ask(thin));
  EXPECT_TRUE(*ask(thin + member("/9", "5", "0", "").substr(0, 60)));
}

TEST(ArchiveDates, OtherFilesHaveNoneAndTruncatedOnesAreErrors) {
  EXPECT_FALSE(*ask(""));
  EXPECT_FALSE(*ask("!<ar"));
  EXPECT_FALSE(
      *ask("\x7f"
           "ELF"));
  EXPECT_FALSE(ask("!<arch>\na.o/   "));
  EXPECT_FALSE(ask("!<arch>\n" + std::string(60, 'x')));
}

}  // namespace
}  // namespace deja::formats
