// SPDX-License-Identifier: Apache-2.0
// Link-time optimisation. The outputs do not depend on how many parts are compiled at once, on the
// jobserver, or on the time.
#include <stdlib.h>

#include <filesystem>

#include "e2e/setup.h"

namespace deja::test {
namespace {

class LinkTime : public ModeTest {
 protected:
  void SetUp() override {
    ModeTest::SetUp();
    // lto-wrapper's makefile cannot handle blanks in the names of temporary files.
    std::string pattern = ::testing::TempDir() + "deja-link.XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    temporary_ = pattern;
    ws.set("TMPDIR=" + temporary_);
    ws.write("f.c", "int f(int x) { return x + 1; }\n");
    ws.write("m.c", "int f(int);\nint main(void) { return f(1); }\n");
  }
  void TearDown() override {
    if (temporary_.empty()) return;
    EXPECT_TRUE(std::filesystem::is_empty(temporary_)) << "files are left behind";
    std::filesystem::remove_all(temporary_);
  }
  void compile(const std::string& compiler, const std::string& option) {
    for (const char* name : {"f", "m"})
      ASSERT_TRUE(ws.run({compiler, "-O2", option, "-c", name + std::string(".c"), "-o",
                          name + std::string(".o")})
                      .ok());
  }
  static Argv link(const std::string& compiler, const Argv& options) {
    Argv argv = {compiler, "-O2", "f.o", "m.o", "-o", "p"};
    argv.insert(argv.end(), options.begin(), options.end());
    return argv;
  }
  // Runs the command twice; neither run may be stored.
  void expect_never(const Argv& argv, const Options& options = {}) {
    for (int round = 0; round < 2; ++round) {
      ws.remove("p");
      ws.expect_miss(argv, options);
    }
  }

  std::string temporary_;
};

TEST_P(LinkTime, OfGccInPartsAtOnce) {
  compile("gcc", "-flto");
  for (const char* option : {"-flto", "-flto=auto", "-flto=2", "-flto=jobserver"}) {
    ws.expect_same(link("gcc", {option}));
    ws.expect_same(link("gcc", {option, "-flto-partition=1to1"}));
  }
  ws.expect_same({"gcc", "-O2", "-flto=2", "f.c", "m.c", "-o", "p"});
  ws.remove("p");  // otherwise its mode would stay
  ws.expect_same(link("gcc", {"-flto=2", "-r", "-flinker-output=nolto-rel"}));
}

TEST_P(LinkTime, OfGccByAnyLinker) {
  compile("gcc", "-flto");
  ws.expect_same(link("gcc", {"-flto=2", "-fuse-linker-plugin"}));
  NEEDS_TOOL("ld.gold");
  ws.expect_same(link("gcc", {"-flto=2", "-fuse-ld=gold"}));
}

TEST_P(LinkTime, OfGccOfObjectsThatAreBoth) {
  ASSERT_TRUE(ws.run({"gcc", "-O2", "-flto", "-ffat-lto-objects", "-c", "f.c", "m.c"}).ok());
  ws.expect_same(link("gcc", {"-flto=2"}));
  ws.expect_same({"gcc-ar", "rcs", "lib.a", "f.o"});
  ws.expect_same({"gcc", "-O2", "-flto=2", "m.o", "lib.a", "-o", "p"});
}

// The number of concurrent parts does not change the program, wherever it is given.
TEST_P(LinkTime, OfGccHasTheSameBytesWithAnyNumber) {
  compile("gcc", "-flto");
  ASSERT_TRUE(ws.run(link("gcc", {"-flto", "-flto-partition=1to1"})).ok());
  const std::string serial = ws.read("p");
  for (const char* option : {"-flto=1", "-flto=2", "-flto=16", "-flto=auto"}) {
    ASSERT_TRUE(ws.run(link("gcc", {option, "-flto-partition=1to1"})).ok());
    EXPECT_TRUE(ws.read("p") == serial) << option;
  }
}

// Make passes its jobserver on in a variable, with other descriptors or pipes in each run.
TEST_P(LinkTime, OfGccBelowMake) {
  compile("gcc", "-flto");
  ws.write("Makefile", "p: f.o m.o\n\t" + Workspace::program() +
                           " gcc -O2 -flto=auto f.o m.o -o p\nq: ; +@" + Workspace::program() +
                           " gcc -O2 -flto=auto f.o m.o -o q\n");
  std::size_t seen = 0;
  const auto outcome = [&](const Argv& argv, const char* made) {
    ws.remove(made);
    EXPECT_TRUE(ws.run(argv).ok());
    EXPECT_EQ(ws.events().size(), ++seen);
    return ws.last_event().outcome;
  };
  EXPECT_EQ(outcome({"make", "p"}, "p"), "miss");
  EXPECT_EQ(outcome({"make", "p"}, "p"), "hit");
  EXPECT_EQ(outcome({"make", "-j2", "p"}, "p"), "hit");
  EXPECT_EQ(outcome({"make", "-j3", "q"}, "q"), "miss");
  EXPECT_EQ(outcome({"make", "-j2", "q"}, "q"), "hit");
  EXPECT_EQ(outcome({"make", "q"}, "q"), "hit");
  EXPECT_EQ(outcome({"make", "-k", "q"}, "q"), "miss");  // the inner make obeys it, too
}

// make lists the directory of its makefile, which holds other programs' temporary files.
TEST_P(LinkTime, OfGccAmongOtherTemporaryFiles) {
  compile("gcc", "-flto");
  const Argv argv = {"exec", "--pass-env", "PATH", "--pass-env", "TMPDIR", "--", "gcc",
                     "-O2",  "-flto=2",    "f.o",  "m.o",        "-o",     "p"};
  ASSERT_TRUE(ws.deja(argv).ok());
  EXPECT_EQ(ws.last_event().outcome, "miss");
  const std::string other = temporary_ + "/other";
  ws.write(other, "");
  ws.remove("p");
  ASSERT_TRUE(ws.deja(argv).ok());
  EXPECT_EQ(ws.last_event().outcome, "hit");
  EXPECT_TRUE(ws.exists("p"));
  ws.remove(other);
}

// The inner make also reads variables, and files that they name.
TEST_P(LinkTime, OfGccWithOrdersForMake) {
  compile("gcc", "-flto");
  const Argv argv = link("gcc", {"-flto=2"});
  ws.expect_miss(argv);
  ws.expect_hit(argv);
  ws.write("more.mk", "unused:\n\ttouch unused\n");
  expect_never(argv, {.env = {"MAKEFILES=more.mk"}});
  ws.expect_hit(argv);
}

TEST_P(LinkTime, OfGccWithOrdersInMakesFlags) {
  compile("gcc", "-flto");
  const Argv argv = link("gcc", {"-flto=jobserver"});
  expect_never(argv, {.env = {"MAKEFLAGS= --eval=X:=1"}});
  ws.expect_miss(argv);
  ws.expect_hit(argv);
}

// Even if the run has written the makefile, its commands may read the clock, or something else may
// control make. (This compiler does what lto-wrapper does, with any makefile.)
TEST_P(LinkTime, MakefilesOfTheRunThatTellTheTime) {
  ws.write("wrapper.c", R"(#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  char name[4096], text[4096];
  FILE *from = fopen("body.mk", "r");
  size_t size = fread(text, 1, sizeof text, from);
  snprintf(name, sizeof name, "%s/ccXXXXXX.mk", getenv("TMPDIR"));
  int fd = mkstemps(name, 3);
  if (write(fd, text, size) != (ssize_t)size) return 1;
  close(fd);
  pid_t child = fork();
  if (child == 0) execlp("make", "make", "-f", name, "all", NULL);
  int status = 0;
  waitpid(child, &status, 0);
  unlink(name);
  return status != 0;
}
)");
  ASSERT_TRUE(ws.run({"gcc", "wrapper.c", "-o", ws.bin() + "/gcc"}).ok());
  ws.write("own.mk", "X=1\n");
  ws.write("f.o", "");
  const Argv argv = {"gcc", "f.o", "-o", "p"};
  ws.write("body.mk", "all:\n\t@echo x >p\n");
  ws.expect_miss(argv);
  ws.expect_hit(argv);
  for (const char* text :
       {"all:\n\t@date +%N >p\n", "X:=$(shell date +%N)\nall:\n\t@echo $(X) >p\n",
        "include own.mk\nall:\n\t@echo x >p\n"}) {
    ws.write("body.mk", text);
    expect_never(argv);
  }
}

TEST_P(LinkTime, OfClangByLld) {
  const std::string clang = newest_clang();
  NEEDS_TOOL(clang);
  NEEDS_TOOL("ld.lld");
  for (const char* option : {"-flto=thin", "-flto"}) {
    compile(clang, option);
    ws.expect_same(link(clang, {option, "-fuse-ld=lld"}));
    ws.expect_same({clang, option, "-fuse-ld=lld", "f.c", "m.c", "-o", "p"});
  }
  ws.remove("p");
  const std::string linker = "ld.lld" + clang.substr(sizeof("clang") - 1);
  NEEDS_TOOL(linker);
  ws.expect_same({linker, "-e", "main", "f.o", "m.o", "-o", "p"});
}

TEST_P(LinkTime, OfClangByOtherLinkers) {
  const std::string clang = newest_clang();
  NEEDS_TOOL(clang);
  NEEDS_TOOL("ld.gold");
  compile(clang, "-flto=thin");
  if (!ws.run(link(clang, {"-flto=thin", "-fuse-ld=gold"})).ok())
    GTEST_SKIP() << "NOT TESTED: LLVM's plugin for linkers is not installed";
  ws.expect_same(link(clang, {"-flto=thin", "-fuse-ld=gold"}));
  ws.expect_same(link(clang, {"-flto=thin", "-fuse-ld=bfd"}));
}

// Other links read what a link leaves there, and remove it when it is old.
TEST_P(LinkTime, CachesThatLinksShare) {
  const std::string clang = newest_clang();
  NEEDS_TOOL(clang);
  NEEDS_TOOL("ld.lld");
  compile(clang, "-flto=thin");
  const std::string option = "--thinlto-cache-dir=" + temporary_ + "/shared";
  ws.expect_bypass("unsupported_option",
                   link(clang, {"-flto=thin", "-fuse-ld=lld", "-Wl," + option}));
  // The option is in a script; only the names of the files show it.
  ws.script("cc", "#!/bin/sh\nexec " + clang + " -Wl," + option + " \"$@\"\n");
  expect_never(link("cc", {"-flto=thin", "-fuse-ld=lld"}));
  std::filesystem::remove_all(temporary_ + "/shared");
}

EVERY_MODE(LinkTime);

}  // namespace
}  // namespace deja::test
