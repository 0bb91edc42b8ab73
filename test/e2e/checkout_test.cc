// SPDX-License-Identifier: Apache-2.0
// One result for many directories, wherever the outputs allow it (docs/ARCHITECTURE.md, "Paths").
#include "e2e/setup.h"

namespace deja::test {
namespace {

class Checkout : public SetupTest {
 protected:
  // Creates two checkouts of one project, with names of the same or of different length.
  void check_out(const std::string& name) {
    ws.write(name + "/src/a.c", "#include \"a.h\"\nint f(void) { int unused; return V; }\n");
    ws.write(name + "/include/a.h", "#define V 1\n");
    ws.make_directory(name + "/build");
  }
  // Runs the tool in `directory`, then deja; both must leave the same bytes.
  void expect_like_bare(const std::string& outcome, const Argv& argv, const std::string& cwd) {
    const Tree before = ws.tree();
    const Result bare = ws.run(argv, {.cwd = cwd});
    const Tree left = ws.tree();
    ws.restore(before);
    const Result got =
        outcome == "hit" ? ws.expect_hit(argv, {.cwd = cwd}) : ws.expect_miss(argv, {.cwd = cwd});
    EXPECT_EQ(got, bare);
    EXPECT_EQ(difference(left, ws.tree()), "");
  }
};

TEST_P(Checkout, RelativePathsHit) {
  for (const char* name : {"one", "another"}) check_out(name);
  const Argv argv = {cc(), "-Wall", "-Iinclude", "-MD", "-c", "src/a.c", "-o", "build/a.o"};
  expect_like_bare("miss", argv, "one");
  expect_like_bare("hit", argv, "another");
}

TEST_P(Checkout, AbsolutePathsHitAndDepfilesFollow) {
  for (const char* name : {"one", "two"}) {
    check_out(name);
    const std::string root = ws.path(name);
    const Argv argv = {cc(), "-Wall", "-I" + root + "/include", "-MD", "-c", root + "/src/a.c",
                       "-o", "a.o"};
    expect_like_bare(name == std::string("one") ? "miss" : "hit", argv,
                     std::string(name) + "/build");
  }
}

TEST_P(Checkout, SecondBuildDirectoryHits) {
  check_out("project");
  const Argv argv = {
      cc(), "-I" + ws.path("project/include"), "-c", ws.path("project/src/a.c"), "-o", "a.o"};
  ws.make_directory("project/debug");
  expect_like_bare("miss", argv, "project/build");
  expect_like_bare("hit", argv, "project/debug");
}

TEST_P(Checkout, DebugInformationBindsToTheDirectory) {
  for (const char* name : {"one", "two"}) check_out(name);
  const Argv argv = {cc(), "-g", "-Iinclude", "-c", "src/a.c", "-o", "a.o"};
  expect_like_bare("miss", argv, "one");
  expect_like_bare("miss", argv, "two");
  expect_like_bare("hit", argv, "one");
  expect_like_bare("hit", argv, "two");
  EXPECT_NE(ws.read("two/a.o"), ws.read("one/a.o"));
}

TEST_P(Checkout, MappedDebugInformationIsShared) {
  for (const char* name : {"one", "two"}) {
    check_out(name);
    const std::string root = ws.path(name);
    const Argv argv = {cc(),
                       "-g",
                       "-ffile-prefix-map=" + root + "=.",
                       "-I" + root + "/include",
                       "-c",
                       root + "/src/a.c",
                       "-o",
                       "a.o"};
    const Tree before = ws.tree();
    const Result bare = ws.run(argv, {.cwd = name});
    const std::string object = ws.read(std::string(name) + "/a.o");
    ws.restore(before);
    EXPECT_EQ(ws.deja(argv, {.cwd = name}), bare);
    EXPECT_TRUE(ws.read(std::string(name) + "/a.o") == object) << ws.last_event();
  }
}

TEST_P(Checkout, FileMacroBindsToTheDirectory) {
  for (const char* name : {"one", "two"}) {
    check_out(name);
    ws.write(std::string(name) + "/src/a.c",
             "const char* name = __FILE__; int length = sizeof(__FILE__);\n");
    expect_like_bare("miss", {cc(), "-c", ws.path(name) + "/src/a.c", "-o", "a.o"},
                     std::string(name) + "/build");
  }
}

TEST_P(Checkout, FileMacroThatOnlyCountsBindsToo) {
  for (const char* name : {"one", "longer"}) {
    check_out(name);
    ws.write(std::string(name) + "/src/a.c", "int length = sizeof(__FILE__);\n");
    expect_like_bare("miss", {cc(), "-c", ws.path(name) + "/src/a.c", "-o", "a.o"},
                     std::string(name) + "/build");
  }
}

TEST_P(Checkout, CoverageBindsToTheDirectory) {
  for (const char* name : {"one", "two"}) {
    check_out(name);
    ws.expect_miss({cc(), "--coverage", "-Iinclude", "-c", "src/a.c", "-o", "a.o"}, {.cwd = name});
    EXPECT_NE(ws.read(std::string(name) + "/a.o").find(ws.path(name)), std::string::npos);
  }
}

TEST_P(Checkout, ChangedHeaderInOneIsItsOwn) {
  for (const char* name : {"one", "two"}) check_out(name);
  const Argv argv = {cc(), "-Iinclude", "-c", "src/a.c", "-o", "a.o"};
  expect_like_bare("miss", argv, "one");
  ws.write("two/include/a.h", "#define V 2\n");
  expect_like_bare("miss", argv, "two");
  expect_like_bare("hit", argv, "one");
}

EVERY_SETUP(Checkout);

}  // namespace
}  // namespace deja::test
