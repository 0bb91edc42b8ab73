// SPDX-License-Identifier: Apache-2.0
#include "evidence/searches.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "os/directory_test.h"

namespace deja::evidence {
namespace {

class Directories : public os::DirectoryTest {
 protected:
  void SetUp() override {
    for (const char* name : {"full", "other", "empty", "ws", "ws/lib"}) make(name);
    for (const char* name : {"full", "other", "ws/lib"}) fill(name);
  }
  std::string at(const std::string& name) const { return dir_ + "/" + name; }
  void make(const std::string& name) { std::filesystem::create_directory(at(name)); }
  void fill(const std::string& name) { std::ofstream(at(name) + "/x") << "x"; }
  std::string value(const std::string& list) { return directories_value(variable, list, roots); }
  bool holds(const std::string& then, std::optional<std::string_view> now) {
    return directories_hold(variable, value(then), now, roots);
  }

  std::string variable = "LD_LIBRARY_PATH";
  action::Roots roots;
};

TEST_F(Directories, TheListCountsInItsOrder) {
  const std::string both = at("full") + ":" + at("other");
  EXPECT_TRUE(holds(both, both));
  EXPECT_FALSE(holds(both, at("other") + ":" + at("full")));
  EXPECT_FALSE(holds(both, at("full")));
  EXPECT_FALSE(holds(at("full"), both));
  EXPECT_FALSE(holds(at("full"), std::nullopt));
  EXPECT_FALSE(holds(at("full"), at("full") + ":" + at("full")));
}

TEST_F(Directories, WhatIsMissingMayComeAndGo) {
  const std::string full = at("full");
  const std::string nothing = at("nowhere");
  EXPECT_TRUE(holds(full, nothing + ":" + full));
  EXPECT_TRUE(holds(full, full + ":" + nothing));
  EXPECT_TRUE(holds(nothing + ":" + full + ":" + nothing, full));
  EXPECT_TRUE(holds(nothing, std::nullopt));
  EXPECT_TRUE(directories_hold(variable, {}, nothing, roots));
}

// The names that were looked for in it are absences of their own.
TEST_F(Directories, OneThatWasMissingMayBeThereNow) {
  const std::string list = at("late") + ":" + at("full");
  const std::string then = value(list);
  make("late");
  EXPECT_TRUE(directories_hold(variable, then, list, roots));
  EXPECT_TRUE(directories_hold(variable, then, at("full"), roots));
  EXPECT_FALSE(holds(list, at("full")));
}

TEST_F(Directories, AnEmptyNameIsTheWorkingDirectory) {
  EXPECT_FALSE(holds(at("full") + ":", at("full")));
  EXPECT_TRUE(holds(":", ":"));
  EXPECT_FALSE(holds("", std::nullopt));
}

TEST_F(Directories, TheyMoveWithTheirRoot) {
  roots = action::Roots(at("ws"), "");
  const std::string then = value(at("ws/lib") + ":" + at("full"));
  make("two"), make("two/lib"), fill("two/lib");
  const action::Roots there(at("two"), "");
  EXPECT_TRUE(directories_hold(variable, then, at("two/lib") + ":" + at("full"), there));
  EXPECT_FALSE(directories_hold(variable, then, at("ws/lib") + ":" + at("full"), there));
}

// "../lib" of an empty directory may lead somewhere; gcc complains of a name below a file.
TEST_F(Directories, WhatIsNotMissingCounts) {
  std::filesystem::create_symlink(at("loop"), at("loop"));
  const std::string too_long = at(std::string(300, 'x'));
  for (const char* name : {"CPATH", "LIBRARY_PATH", "LD_LIBRARY_PATH"}) {
    variable = name;
    for (const std::string& directory : {at("empty"), at("full/x/inc"), at("loop"), too_long}) {
      EXPECT_FALSE(holds(at("full"), directory + ":" + at("full"))) << directory;
      EXPECT_FALSE(holds(directory, std::nullopt)) << directory;
    }
    EXPECT_TRUE(holds(at("full"), at("nowhere") + ":" + at("full")));
  }
}

// clang takes "dir/pre-" for the beginning of "dir/pre-as".
TEST_F(Directories, AMissingOneOfProgramsCounts) {
  variable = "COMPILER_PATH";
  EXPECT_FALSE(holds(at("full"), at("nowhere") + ":" + at("full")));
  EXPECT_TRUE(holds(at("nowhere"), at("nowhere")));
}

// What the engine finds by such a name, or does not, the tool need not.
TEST_F(Directories, NamesThatEachProcessHasItsOwnOfCount) {
  std::filesystem::create_symlink("/proc/self/cwd", at("here"));
  for (const std::string& name : {std::string("/proc/self/cwd/nowhere"), std::string("/dev/fd/99"),
                                  at("here/nowhere"), at("full/../here/nowhere")}) {
    EXPECT_FALSE(holds(name, std::nullopt)) << name;
    EXPECT_FALSE(searches_alike_everywhere(at("full") + ":" + name)) << name;
  }
  EXPECT_TRUE(searches_alike_everywhere(at("full") + ":" + at("nowhere") + "::bin"));
}

// Relative to what a program takes for its working directory; more than one; not what it says.
TEST_F(Directories, NamesThatMayLeadElsewhereCount) {
  for (const std::string& name :
       {std::string("nowhere"), std::string("empty"), at("nowhere") + ";" + at("other"),
        at("nowhere/$LIB"), std::string("$ORIGIN/nowhere")}) {
    EXPECT_FALSE(holds(name, std::nullopt)) << name;
    EXPECT_FALSE(holds(at("full"), name + ":" + at("full"))) << name;
    EXPECT_TRUE(holds(name, name)) << name;
    EXPECT_FALSE(lists_hollow(variable, name)) << name;
  }
}

TEST_F(Directories, HollowOnesAreFound) {
  EXPECT_FALSE(lists_hollow(variable, std::nullopt));
  EXPECT_FALSE(lists_hollow(variable, at("full") + ":"));
  EXPECT_TRUE(lists_hollow(variable, at("full") + ":" + at("nowhere")));
}

}  // namespace
}  // namespace deja::evidence
