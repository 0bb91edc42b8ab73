// SPDX-License-Identifier: Apache-2.0
#include "evidence/include_scan.h"

#include <gtest/gtest.h>

#include "os/directory_test.h"

namespace deja::evidence {
namespace {

class IncludeScan : public os::DirectoryTest {
 protected:
  ScannedIncludes scan() const {
    return scan_includes_of({base + "/a.c"}, {{base + "/quote"}, {base + "/inc"}, {base + "/sys"}});
  }
  std::string names(const std::vector<std::string>& paths) const {
    std::string out;
    for (const std::string& path : paths)
      out += (out.empty() ? "" : " ") + path.substr(base.size() + 1);
    return out;
  }
  const std::string& base = dir_;
};

TEST_F(IncludeScan, SeedsAndAllThatTheyLeadTo) {
  write("a.c", "#include \"b.h\"\n#include <s.h>\n");
  write("b.h", "#include \"deep/c.h\"\n");
  write("deep/c.h", "#include \"d.h\"\n");
  write("deep/d.h", "#include \"../b.h\"\n");
  write("sys/s.h", "");
  EXPECT_EQ(names(scan().files), "a.c b.h deep/../b.h deep/c.h deep/d.h sys/s.h");
}

TEST_F(IncludeScan, SearchesAsCompilersDo) {
  write("a.c", "#include \"x.h\"\n#include <x.h>\n");
  write("sys/x.h", "");
  EXPECT_EQ(names(scan().files), "a.c sys/x.h");
  EXPECT_EQ(names(scan().absent), "inc/x.h quote/x.h x.h");
  write("inc/x.h", "");
  EXPECT_EQ(names(scan().files), "a.c inc/x.h");
  write("quote/x.h", "");
  EXPECT_EQ(names(scan().files), "a.c inc/x.h quote/x.h");
}

TEST_F(IncludeScan, NextMeansAnyOfThatName) {
  write("a.c", "#include <x.h>\n");
  write("inc/x.h", "#include_next <x.h>\n");
  write("sys/x.h", "");
  EXPECT_EQ(names(scan().files), "a.c inc/x.h sys/x.h");
}

TEST_F(IncludeScan, EmbeddedBytesIncludeNothing) {
  write("a.c", "#embed \"data\"\n");
  write("data", "#include \"never.h\"\n");
  write("never.h", "");
  EXPECT_EQ(names(scan().files), "a.c data");
}

TEST_F(IncludeScan, SaysWhatItCannotTell) {
  EXPECT_EQ(scan().unreadable, base + "/a.c");
  write("a.c", "#include MACRO\n");
  EXPECT_EQ(scan().guess, "#include MACRO in " + base + "/a.c");
}

}  // namespace
}  // namespace deja::evidence
