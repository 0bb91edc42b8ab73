// SPDX-License-Identifier: Apache-2.0
#include "tool/named_files.h"

#include <gtest/gtest.h>

namespace deja::tool {
namespace {

TEST(NamedFiles, OfCommonCommands) {
  const struct {
    std::vector<std::string_view> argv;
    std::string source, output;
  } cases[] = {
      {{"gcc", "-c", "-ftime-report", "src/a.c", "-o", "a.o"}, "src/a.c", "a.o"},
      {{"gcc", "-o/tmp/a.o", "-O2", "-DV=1.5", "a.c", "b.c"}, "a.c", "/tmp/a.o"},
      {{"gcc", "--output=x", "a.c"}, "a.c", "x"},
      {{"tar", "cf", "a.tar", "a"}, "a.tar", ""},
      {{"gcc", "-o"}, "", ""},
      {{"make", "-j2", "CC=gcc.x"}, "", ""},
      {{}, "", ""},
  };
  for (const auto& c : cases) {
    const NamedFiles named = named_files(c.argv);
    EXPECT_EQ(named.source, c.source);
    EXPECT_EQ(named.output, c.output);
  }
}

}  // namespace
}  // namespace deja::tool
