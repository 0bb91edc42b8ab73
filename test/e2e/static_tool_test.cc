// SPDX-License-Identifier: Apache-2.0
// Tools into which no library can be preloaded: the supervisor observes them.
#include <signal.h>

#include <filesystem>

#include "e2e/setup.h"

namespace deja::test {
namespace {

// A simple compiler: copies the file after -c to the file after -o. "#include X" on the first line
// makes it look for X (and continue without it); "die" makes it die; "time" makes it read the
// clock.
constexpr const char* kCopier = R"(
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char** argv) {
  char text[4096];
  const char *in = "", *out = "";
  for (int i = 1; i + 1 < argc; ++i) {
    if (!strcmp(argv[i], "-c")) in = argv[i + 1];
    if (!strcmp(argv[i], "-o")) out = argv[i + 1];
  }
  const int from = open(in, O_RDONLY);
  const ssize_t size = read(from, text, sizeof text - 1);
  if (from < 0 || size < 0) return 2;
  text[size] = 0;
  if (!strncmp(text, "die", 3)) raise(SIGUSR1);
  if (!strncmp(text, "fail", 4)) return 7;
  unlink(out);
  const int to = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (!strncmp(text, "time", 4)) dprintf(to, "%ld\n", (long)time(NULL));
  char* include = strstr(text, "#include ");
  if (include) {
    char* const end = strchr(include, '\n');
    struct stat st;
    *end = 0;
    dprintf(to, "%d\n", stat(include + 9, &st));
    *end = '\n';
  }
  if (write(to, text, (size_t)size) != size) return 3;
  puts("copied");
  return 0;
}
)";

class StaticTool : public ::testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    NEEDS_TOOL("gcc");
    ws.write("copier.c", kCopier);
    const Result built = ws.run({"gcc", "-O1", "-static", "copier.c", "-o", ws.bin() + "/gcc"});
    if (!built.ok()) GTEST_SKIP() << "needs a static libc: " << built.err;
    ws.write("a.c", "int a;\n");
  }
  // Runs it once, so that the engine learns that the interposer does not see this tool, or what it
  // starts.
  void learn() {
    ws.let_settle(ws.bin() + "/gcc");
    ws.write("first.c", "int first;\n");
    ws.expect_miss({"gcc", "-c", "first.c", "-o", "first.o"});
  }
  std::string journal() const { return ws.deja({"events", "--format", "json"}).out; }

  Workspace ws{GetParam()};
  const Argv copy{"gcc", "-c", "a.c", "-o", "a.o"};
};

TEST_P(StaticTool, IsSupervisedFromTheFirstRunOn) {
  ws.expect_miss(copy);
  ws.remove("a.o");
  EXPECT_EQ(ws.expect_hit(copy).out, "copied\n");
  EXPECT_EQ(ws.read("a.o"), "int a;\n");
  EXPECT_NE(journal().find("\"evidence\":\"supervisor\""), std::string::npos) << journal();
}

TEST_P(StaticTool, EveryChangeOfWhatItSawIsAMiss) {
  learn();
  ws.write("a.c", "#include a.h\n");
  ws.expect_miss(copy);
  ws.expect_hit(copy);
  EXPECT_EQ(ws.read("a.o"), "-1\n#include a.h\n");
  ws.write("a.h", "");
  ws.expect_miss(copy);
  EXPECT_EQ(ws.read("a.o"), "0\n#include a.h\n");
  ws.write("a.c", "int b;\n");
  ws.expect_miss(copy);
  EXPECT_EQ(ws.read("a.o"), "int b;\n");
  ws.expect_miss(copy, {.env = {"SOME_VARIABLE=1"}});
  ws.expect_hit(copy, {.env = {"SOME_VARIABLE=1"}});
}

TEST_P(StaticTool, LeavesWhatItWouldLeaveAlone) {
  learn();
  ws.expect_same(copy);
}

TEST_P(StaticTool, TimeIsNeverServed) {
  learn();
  ws.write("a.c", "time\n");
  ws.expect_miss(copy);
  ws.expect_miss(copy);
}

TEST_P(StaticTool, EndsAsItEnds) {
  learn();
  ws.write("a.c", "fail\n");
  EXPECT_EQ(ws.deja(copy), ws.run(copy));
  ws.write("a.c", "die\n");
  const Result died = ws.deja(copy);
  EXPECT_EQ(died.signal, SIGUSR1) << died;
  EXPECT_EQ(died, ws.run(copy));
}

// Under the supervisor the setuid program would not gain its rights.
TEST_P(StaticTool, NotSupervisedWhenItStartsASetuidProgram) {
  std::filesystem::rename(ws.bin() + "/gcc", ws.bin() + "/helper");
  std::filesystem::permissions(ws.bin() + "/helper", static_cast<std::filesystem::perms>(04755));
  ws.script("gcc", "#!/bin/sh\nexec '" + ws.bin() + "/helper' \"$@\"\n");
  for (int i = 0; i < 3; ++i) {
    ws.expect_miss(copy);
    EXPECT_EQ(ws.last_event().not_stored, "program_not_observed") << ws.last_event();
  }
}

// A dynamic compiler started by a static one is observed in the same way.
TEST_P(StaticTool, ProgramsItStartsAreSeenToo) {
  const std::string real = find_program("gcc");
  ws.write("wrapper.c", "#include <unistd.h>\nint main(int c, char** v) { v[0] = \"" + real +
                            "\"; return execv(\"" + real + "\", v), c; }\n");
  ASSERT_TRUE(ws.run({real, "-static", "wrapper.c", "-o", ws.bin() + "/gcc"}).ok());
  learn();
  ws.write("a.c", "#include \"a.h\"\n#warning it speaks\nint a = A;\n");
  ws.write("a.h", "#define A 1\n");
  ws.expect_miss(copy);
  ws.expect_hit(copy);
  ws.write("a.h", "#define A 2\n");
  ws.expect_miss(copy);
  ws.write("a.c", "const char* a = __TIME__;\n");
  ws.expect_miss(copy);
  ws.expect_miss(copy);
}

// It execs a dynamic program in the same process; what it read before counts.
TEST_P(StaticTool, WhatItReadsBeforeItBecomesAnotherCounts) {
  const std::string real = find_program("gcc");
  ws.write("wrapper.c",
           "#include <fcntl.h>\n#include <unistd.h>\nint main(int c, char** v) {\n"
           "char mode[] = \"-DMODE=0\"; int fd = open(\"mode\", O_RDONLY);\n"
           "char* w[64]; int i; for (i = 0; i < c; ++i) w[i] = v[i];\n"
           "read(fd, mode + 7, 1); w[0] = \"" +
               real +
               "\"; w[c] = mode; w[c + 1] = 0;\n"
               "return execv(\"" +
               real + "\", w); }\n");
  ASSERT_TRUE(ws.run({real, "-static", "wrapper.c", "-o", ws.bin() + "/wrapper"}).ok());
  ws.write("a.c", "int a = MODE;\n");
  for (const char* link : {"", "#!/bin/sh\nexec wrapper \"$@\"\n"}) {
    if (*link == 0) {
      std::filesystem::copy(ws.bin() + "/wrapper", ws.bin() + "/gcc",
                            std::filesystem::copy_options::overwrite_existing);
    } else {
      ws.script("gcc", link);
    }
    ws.write("mode", "1");
    ws.let_settle(ws.bin() + "/gcc");
    for (int i = 0; i < 2; ++i) ws.deja(copy);  // a script's first run is not supervised
    ws.expect_hit(copy);
    ws.write("mode", "2");
    ws.expect_same(copy);
  }
}

// What one engine has learned is stored for the next.
INSTANTIATE_TEST_SUITE_P(, StaticTool, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label);

}  // namespace
}  // namespace deja::test
