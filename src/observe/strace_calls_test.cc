// SPDX-License-Identifier: Apache-2.0
// Rare calls of real tools, compared with `strace -f` as in strace_test.cc; and effects that a log of
// paths cannot express, which must be a gap.
#include <cerrno>

#include "observe/testing/strace_fixture.h"

namespace deja::observe {
namespace {

using testing::find_tool;
using testing::StraceTest;
using testing::ToolRun;

class StraceCalls : public StraceTest {
 protected:
  void SetUp() override {
    StraceTest::SetUp();
    if (IsSkipped()) return;
    write("file", "text");
    make_directory("directory");
    ASSERT_EQ(symlink("file", at("link").c_str()), 0);
  }
  static std::vector<std::string> calls(const std::string& group) { return {DEJA_CALLS, group}; }
};

TEST_F(StraceCalls, ByNumber) { compare(calls("by-number"), "calls by number"); }

TEST_F(StraceCalls, ByNumbersWithoutAWrapper) {
  const ToolRun run = compare(calls("by-new-number"), "calls without a wrapper");
  // strace may be older than these calls, so the test checks the log itself
  for (const char* name : {"file", "link"})
    EXPECT_FALSE(run.all(DEJA_OP_CHANGE, at(name)).empty()) << name;
  EXPECT_FALSE(run.all(DEJA_OP_STAT, at("directory")).empty());
  EXPECT_FALSE(run.all(DEJA_OP_STAT, at("absent")).empty());
  EXPECT_FALSE(run.all(DEJA_OP_STAT, at("absent2")).empty());
}

TEST_F(StraceCalls, ByDescriptor) {
  const ToolRun run = compare(calls("by-descriptor"), "calls on descriptors");
  EXPECT_TRUE(run.has(DEJA_OP_READLINK, at("link")));
}

TEST_F(StraceCalls, FilesThatGetANameLater) {
  const ToolRun run = compare(calls("unnamed"), "O_TMPFILE, linkat");
  EXPECT_FALSE(run.all(DEJA_OP_OPEN, at("directory")).empty());
}

TEST_F(StraceCalls, Copies) { compare(calls("copies"), "copies, mmap, memfd"); }

TEST_F(StraceCalls, Programs) {
  const ToolRun run = compare(calls("programs"), "exec, spawn, PATH");
  for (const char* directory : {"/absent-two", "directory"}) {
    const std::string path = directory[0] == '/' ? directory : at(directory);
    EXPECT_TRUE(run.has(DEJA_OP_EXEC_FAILED, path + "/cat", ENOENT)) << path;
    EXPECT_TRUE(run.has(DEJA_OP_EXEC_FAILED, path + "/absent-everywhere", ENOENT)) << path;
  }
  EXPECT_TRUE(run.has(DEJA_OP_EXEC_FAILED, at("absent-program"), ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_EXEC_FAILED, at("file"), EACCES));
}

// A directory in which a library could have been found earlier is an input, like an include directory.
class StraceLoader : public StraceCalls, public ::testing::WithParamInterface<const char*> {};

TEST_P(StraceLoader, LooksInEarlierDirectories) {
  REQUIRE_TOOL("gcc");
  write("x.c", "int x(void) { return 0; }\n");
  write("m.c", "int x(void);\nint main(void) { return x(); }\n");
  for (const char* name : {"one", "two", "late"}) make_directory(name);
  write("one/x86_64", "a file where the loader expects a directory");  // /usr/bin has one
  const std::string gcc = find_tool("gcc");
  ASSERT_EQ(run({gcc, "-shared", "-o", "two/libx.so", "x.c"}, {.observed = false}).exit_code, 0);
  const ToolRun made = run({gcc, "m.c", "-Ltwo", "-lx", "-o", "m", GetParam(),
                            "-Wl,-rpath,$ORIGIN/absent:${ORIGIN}/one:$ORIGIN/two:$ORIGIN/late"},
                           {.observed = false});
  ASSERT_EQ(made.exit_code, 0) << made.output;
  const ToolRun out = compare({at("m")}, std::string("loader, ") + GetParam());
  EXPECT_TRUE(out.has(DEJA_OP_LIBRARY, at("absent"), ENOENT));
  EXPECT_TRUE(out.has(DEJA_OP_LIBRARY, at("one/libx.so"), ENOENT));
  EXPECT_TRUE(out.has(DEJA_OP_LIBRARY, at("one/glibc-hwcaps"), ENOENT));
  EXPECT_TRUE(out.has(DEJA_OP_LIBRARY, at("one/x86_64"), ENOTDIR));
  EXPECT_TRUE(out.has(DEJA_OP_LIBRARY, at("two/libx.so")));
  EXPECT_FALSE(out.has(DEJA_OP_LIBRARY, at("late/libx.so"), ENOENT));
}
INSTANTIATE_TEST_SUITE_P(Lists, StraceLoader,
                         ::testing::Values("-Wl,--enable-new-dtags", "-Wl,--disable-new-dtags"));

TEST_F(StraceCalls, ADirectoryThatOnlyTheLoaderCanNameIsAGap) {
  REQUIRE_TOOL("gcc");
  write("m.c", "int main(void) { return 0; }\n");
  ASSERT_EQ(
      run({find_tool("gcc"), "m.c", "-o", "m", "-Wl,-rpath,$ORIGIN/$LIB"}, {.observed = false})
          .exit_code,
      0);
  EXPECT_TRUE(run({at("m")}).log.has_unseen_program);
}

TEST_F(StraceCalls, LibrariesAskedForByName) {
  const ToolRun run = compare(calls("libraries"), "dlopen", {"LD_LIBRARY_PATH=" + at("directory")});
  EXPECT_TRUE(run.has(DEJA_OP_STAT, at("absent.so"), ENOENT) ||
              run.has(DEJA_OP_STAT, at("./absent.so"), ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_LIBRARY, "libabsent-everywhere.so"));
  EXPECT_TRUE(run.has(DEJA_OP_LIBRARY, at("directory/libabsent-everywhere.so"), ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_LIBRARY, at("directory/libm.so.6"), ENOENT));
  EXPECT_TRUE(run.has(DEJA_OP_LIBRARY, at("directory/libc.so.6"), ENOENT));
}

// A sanitizer's runtime linked into the program makes its own system calls.
TEST_F(StraceCalls, TheOptionsOfASanitizerAreAGap) {
  REQUIRE_TOOL("clang-19");
  write(
      "s.c",
      "#include <stdio.h>\n#include <sys/stat.h>\nint main(void) { struct stat s; FILE *f = "
      "fopen(\"file\", \"r\");\nreturn !f || stat(\"absent\", &s) == 0 || mkdir(\"m\", 0700); }\n");
  const ToolRun made =
      run({find_tool("clang-19"), "-fsanitize=address,undefined", "s.c", "-o", "s"},
          {.observed = false});
  if (made.exit_code != 0) GTEST_SKIP() << "NOT TESTED: no sanitizer: " << made.output;
  EXPECT_EQ(run({at("s")}).log.gap, "");
  ASSERT_EQ(rmdir(at("m").c_str()), 0);
  // the file that an option names is read without a record
  write("options", "");
  const ToolRun out = run({at("s")}, {.environment = {"ASAN_OPTIONS=include=" + at("options")}});
  EXPECT_EQ(out.exit_code, 0) << out.output;
  EXPECT_TRUE(out.log.has_unseen_program);
}

TEST_F(StraceCalls, AQueueIsAnotherProcess) {
  EXPECT_TRUE(run(calls("queue")).has(DEJA_OP_CONNECT, "mq_open"));
}

TEST_F(StraceCalls, EffectsThatPathsCannotExpressAreAGap) {
  for (const char* group : {"handle", "uring", "namespace", "stolen", "tree"}) {
    const ToolRun run = this->run(calls(group));
    if (run.exit_code == 77) {
      std::printf("NOT TESTED: this kernel does not allow \"%s\"\n", group);
      continue;
    }
    EXPECT_EQ(run.exit_code, 0) << group << run.output;
    EXPECT_NE(run.log.gap, "") << group;
  }
}

}  // namespace
}  // namespace deja::observe
