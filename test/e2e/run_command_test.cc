// SPDX-License-Identifier: Apache-2.0
// `deja run` with run.commands: programs that no adapter knows.
#include "e2e/run.h"

namespace deja::test {
namespace {

class RunCommandTest : public RunTest {};

TEST_P(RunCommandTest, ACommandIsServed) {
  compile("gen",
          "#include <stdio.h>\nint main(void) { char t[99]; FILE *in = fopen(\"in\", \"r\");\n"
          "FILE *out = fopen(\"out\", \"w\"); fputs(fgets(t, 99, in), out); puts(\"made\"); }\n");
  ws.write("in", "one\n");
  always("\"gen\"");
  expect_same({"sh", "-c", "./gen; ./gen > log"});
  EXPECT_EQ(outcomes(), "gen hit, gen miss");
  ws.write("in", "two\n");
  expect_same({"sh", "-c", "./gen"});
  EXPECT_EQ(outcomes(), "gen hit, gen miss");
  EXPECT_EQ(ws.read("out"), "two\n");
}

TEST_P(RunCommandTest, AShellCommandIsServedWithAllThatItStarts) {
  ws.write("in", "one\n");
  always("\"sh -c sed *\"");
  const Argv argv = {"make", "-s", "-f", "sed.mk"};
  ws.write("sed.mk", "all:\n\tsed s/one/two/ in | tr o u > out; rm -f junk; cat out\n");
  expect_same(argv);
  EXPECT_EQ(outcomes(), "sh hit, sh miss");
  ws.write("in", "one more\n");
  expect_same(argv);
  EXPECT_EQ(ws.read("out"), "twu mure\n");
}

// What updates files in place, appends, or deletes is right or is not stored.
TEST_P(RunCommandTest, CommandsThatChangeWhatIsThere) {
  always("\"sh -c *\"");
  for (const char* text :
       {"echo x >> log", "sed -i s/int/long/ b.c", "mv b.c c.c", "rm b.c",
        "mkdir -p d/e; touch d/e/f", "ln -sf a.c link", "cp a.c b.c", "printf x > new; mv new b.c",
        "ls > listing", "touch b.c", "chmod 600 b.c",
        "gcc -c a.c b.c; ar rcs l.a a.o b.o; rm -f a.o b.o", "echo $PPID > /dev/null",
        "cat b.c a.c > both; cat both > b.c", "rm -rf d; mkdir d; cp *.c d"}) {
    const Tree before = ws.tree();
    expect_same({"make", "-s", "--eval", std::string("all:\n\t") + text + ";\n", "all"});
    // The same again, from what it has left.
    expect_same({"make", "-s", "--eval", std::string("all:\n\t") + text + ";\n", "all"});
    ws.restore(before);
  }
  EXPECT_NE(outcomes().find("sh hit"), std::string::npos);
}

// A hit would not send it again.
TEST_P(RunCommandTest, ACommandThatSendsASignalIsNotStored) {
  compile(
      "gen",
      "#include <signal.h>\n#include <stdio.h>\n#include <unistd.h>\nint main(void) { "
      "kill(0, "
      "SIGURG);\nFILE *out = fopen(\"out\", \"w\"); fputs(\"1\", out); return fclose(out); }\n");
  always("\"gen\"");
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(build({"sh", "-c", "./gen; ./gen"}).ok());
    EXPECT_EQ(ws.last_event().not_stored, "connected");
  }
  EXPECT_EQ(outcomes().find("hit"), std::string::npos);
}

// A hit would not do it again, or would do it otherwise.
TEST_P(RunCommandTest, WhatAHitCannotRepeatIsNotStored) {
  const std::pair<const char*, const char*> cases[] = {
      {"struct timespec t[2] = {{1, 0}, {1, 0}}; utimensat(AT_FDCWD, \"out\", t, 0);",
       "attributes_changed"},
      {"struct utimbuf t = {1, 1}; utime(\"out\", &t);", "attributes_changed"},
      {"int f = open(\"out\", O_RDWR); struct timespec t[2] = {{1, 0}, {1, 0}}; futimens(f, t);",
       "attributes_changed"},
      {"usleep(1000);", "clock_read"},
      {"struct timespec t = {0, 1000}; nanosleep(&t, 0);", "clock_read"},
      {"sleep(0);", "clock_read"},
      {"getpid();", "machine_asked"},
      {"getppid();", "machine_asked"},
      {"catopen(\"none\", 0);", "machine_asked"},
      {"sem_open(\"/deja-absent\", 0);", "connected"},
      {"union sigval v = {0}; sigqueue(1 << 21, 0, v);", "connected"},
  };
  always("\"gen\"");
  for (const auto& [text, reason] : cases) {
    SCOPED_TRACE(text);
    const std::string headers =
        "#define _GNU_SOURCE\n#include <fcntl.h>\n#include <nl_types.h>\n#include <semaphore.h>\n"
        "#include <signal.h>\n#include <stdio.h>\n#include <sys/stat.h>\n#include <time.h>\n"
        "#include <unistd.h>\n#include <utime.h>\n";
    compile("gen", headers +
                       "int main(void) { FILE *out = fopen(\"out\", \"w\"); fputs(\"1\", out);\n"
                       "fclose(out);\n" +
                       text + "\nreturn 0; }\n");
    ASSERT_TRUE(build({"sh", "-c", "./gen; ./gen"}).ok());
    EXPECT_EQ(ws.last_event().not_stored, reason);
  }
  EXPECT_EQ(outcomes().find("hit"), std::string::npos);
}

// Signals and the like are recorded by the interposer alone.
TEST_P(RunCommandTest, ACommandUnderTheSupervisorIsNotStored) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "NOT TESTED: raw system calls; their code is that of x86-64";
#endif
  compile("gen",
          "#include <signal.h>\n#include <stdio.h>\nint main(void) { long n = 2;\n"
          "__asm__ volatile(\"mov $2, %%eax\\n syscall\" : \"+a\"(n) : \"D\"(\"in\"), \"S\"(0L) : "
          "\"rcx\", \"r11\", \"memory\");\n"
          "kill(0, SIGURG); FILE *out = fopen(\"out\", \"w\"); fputs(\"1\", out); return "
          "fclose(out); }\n");
  always("\"gen\"");
  ASSERT_TRUE(build({"sh", "-c", "./gen; ./gen"}).ok());
  EXPECT_EQ(ws.last_event().not_stored, "program_not_observed");
  EXPECT_EQ(outcomes().find("hit"), std::string::npos);
}

// The present time needs no repeating, nor does an access control list that is the mode.
TEST_P(RunCommandTest, CommonWaysToMakeFilesAreStored) {
  always("\"touch\", \"install\"");
  for (const char* command : {"touch new", "install a.c copy.c"}) {
    const std::string twice = std::string(command) + "; rm -f new copy.c; " + command;
    expect_same({"sh", "-c", twice});
    EXPECT_NE(outcomes().find(" hit"), std::string::npos) << command;
  }
}

// A stored random number would be the same one forever.
TEST_P(RunCommandTest, RandomNumbersAreNotStored) {
  compile("gen",
          "#include <stdio.h>\n#include <sys/random.h>\nint main(void) { int n = 0; getrandom(&n, "
          "4, 0);\n"
          "FILE *out = fopen(\"out\", \"w\"); fprintf(out, \"%d\", n); return fclose(out); }\n");
  ws.write("gen.py", "import uuid\nprint(uuid.uuid4())\n");
  ws.write("plain.py", "print(sorted({'a', 'b'}))\n");
  always("\"gen\", \"sh -c od *\", \"python3*\"");
  ASSERT_TRUE(build({"sh", "-c", "./gen; ./gen"}).ok());
  EXPECT_EQ(ws.last_event().not_stored, "random_read");
  ASSERT_TRUE(build({"make", "--eval", "all:\n\tod -N4 /dev/urandom > x;", "all"}).ok());
  EXPECT_EQ(outcomes(), "gen miss, sh miss");
  EXPECT_EQ(ws.last_event().not_stored, "random_read");
  const std::string python = find_program("/usr/bin/python3");
  if (python.empty()) GTEST_SKIP() << "python3 is not installed";
  ASSERT_TRUE(build({"sh", "-c", python + " gen.py; " + python + " gen.py"}).ok());
  EXPECT_EQ(outcomes(), "python3 miss");
  ASSERT_TRUE(build({"sh", "-c", python + " -B plain.py; " + python + " -B plain.py"}).ok());
  EXPECT_EQ(outcomes(), "python3 hit, python3 miss");
  ws.write("when.py", "import time as t\nprint(t.time())\n");
  ASSERT_TRUE(build({"sh", "-c", python + " -B when.py; " + python + " -B when.py"}).ok());
  EXPECT_EQ(outcomes(), "python3 miss");
  EXPECT_EQ(ws.last_event().not_stored, "clock_read");
}

// Text for a descriptor that is not one of the streams would be lost.
TEST_P(RunCommandTest, ACommandWithOtherDescriptorsRunsAsItIs) {
  compile("gen", "#include <unistd.h>\nint main(void) { return write(3, \"text\\n\", 5) != 5; }\n");
  ws.write("b.sh", "exec 3>log\n./gen\n./gen\n");
  expect_same({"sh", "b.sh"});
  EXPECT_EQ(outcomes(), "");
}

TEST_P(RunCommandTest, TestsRunUnlessTheyAreAskedFor) {
  with_commands();
  compile("my_test", "#include <stdio.h>\nint main(void) { puts(\"passed\"); return 0; }\n");
  expect_same({"sh", "-c", "./my_test; true"});
  EXPECT_EQ(outcomes(), "");
  const Argv with = {Workspace::program(), "run", "--tests", "--", "sh", "-c", "./my_test; true"};
  EXPECT_EQ(ws.run(with, with_streams_only({})).out, "passed\n");
  EXPECT_EQ(outcomes(), "my_test miss");
}

EVERY_MODE(RunCommandTest);

}  // namespace
}  // namespace deja::test
