// SPDX-License-Identifier: Apache-2.0
#include "evidence/glob.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "os/directory_test.h"

namespace deja::evidence {
namespace {

namespace fs = std::filesystem;

class Glob : public os::DirectoryTest {
 protected:
  Glob() {
    for (const char* file : {"a.c", "b.c", ".hidden.c", "[x].c", "sub/a.c", "sub/deep/b.c",
                             "sub/deep/c.h", ".git/x.c"})
      write(file, "x");
    fs::create_symlink("a.c", base + "/link.c");
    fs::create_symlink("nowhere", base + "/dangling.c");
    fs::create_symlink("sub", base + "/other");
  }

  std::string expand(const std::string& pattern) const {
    const auto paths = expand_glob(base + "/" + pattern);
    if (!paths) return "error: " + paths.error().message;
    std::string out;
    for (const std::string& path : *paths)
      out += (out.empty() ? "" : " ") + path.substr(base.size() + 1);
    return out;
  }
  const std::string& base = dir_;
};

TEST_F(Glob, OneComponent) {
  EXPECT_EQ(expand("*.c"), "[x].c a.c b.c link.c");
  EXPECT_EQ(expand("?.c"), "a.c b.c");
  EXPECT_EQ(expand("[b-z].c"), "b.c");
  EXPECT_EQ(expand(".*.c"), ".hidden.c");
  EXPECT_EQ(expand("\\[x\\].c"), "[x].c");
}

TEST_F(Glob, Directories) {
  EXPECT_EQ(expand("*/a.c"), "other/a.c sub/a.c");
  EXPECT_EQ(expand("**/*.c"), "[x].c a.c b.c link.c sub/a.c sub/deep/b.c");
  EXPECT_EQ(expand("sub/**"), "sub/a.c sub/deep/b.c sub/deep/c.h");
  EXPECT_EQ(expand("**/deep/*.h"), "sub/deep/c.h");
}

TEST_F(Glob, FilesOnly) {
  EXPECT_EQ(expand("sub"), "");
  EXPECT_EQ(expand("a.c"), "a.c");
  EXPECT_EQ(expand("dangling.c"), "");
  EXPECT_EQ(expand("missing/*"), "");
  EXPECT_EQ(expand("a.c/*"), "");
}

}  // namespace
}  // namespace deja::evidence
