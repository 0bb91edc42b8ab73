// SPDX-License-Identifier: Apache-2.0
// What a compile inherits: variables, umask, limits. What can change the result is in the key; the
// tool sees what it would see without deja.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "e2e/setup.h"

namespace deja::test {
namespace {

class Environment : public SetupTest {};

TEST_P(Environment, SearchPathsAreKeyed) {
  ws.write("one/v.h", "#define V 1\n");
  ws.write("two/v.h", "#define V 2\n");
  ws.write("a.c", "#include <v.h>\nint a = V;\n");
  for (const std::string name : {"CPATH", "C_INCLUDE_PATH"}) {
    const Argv argv = {cc(), "-c", "a.c", "-o", name + ".o"};
    ws.expect_same(argv, {.env = {name + "=one"}});
    ws.expect_same(argv, {.env = {name + "=" + ws.path("two")}});
    ws.expect_hit(argv, {.env = {name + "=one"}});
  }
}

TEST_P(Environment, UnrelatedVariablesAreNot) {
  ws.write("a.c", "int a;\n");
  ws.expect_miss({cc(), "-c", "a.c"}, {.env = {"BUILD_NUMBER=1", "OLDPWD=/"}});
  ws.expect_hit({cc(), "-c", "a.c"}, {.env = {"BUILD_NUMBER=2", "SHLVL=3"}});
}

TEST_P(Environment, LocaleOfMessagesIsKeyed) {
  ws.write("a.c", "int f(void) { int unused; return 0; }\n");
  const Argv argv = {cc(), "-Wall", "-c", "a.c"};
  const Trial plain = ws.expect_same(argv, {.env = {"LANG", "LC_ALL=C"}});
  const Trial utf8 = ws.expect_unchanged(argv, {.env = {"LANG", "LC_ALL=C.UTF-8"}});
  if (is_gcc()) {
    EXPECT_NE(plain.result.err, utf8.result.err);
  }
}

TEST_P(Environment, UmaskDecidesTheMode) {
  ws.write("a.c", "int a;\n");
  const Argv argv = {cc(), "-c", "a.c"};
  ws.expect_same(argv, {.in_child = [] { ::umask(022); }});
  ws.remove("a.o");
  const Trial strict = ws.expect_unchanged(argv, {.in_child = [] { ::umask(077); }});
  EXPECT_EQ(strict.tree.at("a.o").mode, 0600u);
}

EVERY_SETUP(Environment);

// A script with the compiler's name prints what it sees.
class Inherited : public ModeTest {
 protected:
  void expect_same_text(const std::string& script, const Options& options = {}) {
    ws.script("gcc", "#!/bin/sh\n" + script + "\n");
    ws.write("a.c", "");
    const Result bare = ws.run({"gcc", "-c", "a.c"}, options);
    ASSERT_TRUE(bare.ok()) << bare;
    EXPECT_NE(bare.out, "");
    EXPECT_EQ(ws.deja({"gcc", "-c", "a.c"}, options), bare);
    EXPECT_EQ(ws.deja({"gcc", "-c", "a.c"}, options), bare);
  }
};

TEST_P(Inherited, VariablesAreWhatTheyWere) {
  expect_same_text("env | sort", {.env = {"X=a b", "EMPTY="}});
}

TEST_P(Inherited, OwnPreloadsStay) {
  ws.write("mark.c",
           "#include <stdlib.h>\n__attribute__((constructor)) void f(void) { setenv(\"MARK\", "
           "\"1\", 1); }\n");
  ASSERT_TRUE(ws.run({"gcc", "-shared", "-fPIC", "mark.c", "-o", "mark.so"}).ok());
  Options options;
  // The loader splits LD_PRELOAD at spaces, which the workspace's path has.
  options.env = {"LD_PRELOAD=./mark.so"};
  ws.script("gcc", "#!/bin/sh\nenv | sort\n");
  const Result bare = ws.run({"gcc", "-c", "mark.c"}, options);
  EXPECT_NE(bare.out.find("MARK=1"), std::string::npos);
  EXPECT_EQ(ws.deja({"gcc", "-c", "mark.c"}, options), bare);
}

TEST_P(Inherited, LimitsAndPriorityStay) {
  Options options;
  options.in_child = [] {
    const struct rlimit files = {64, 64};
    ::setrlimit(RLIMIT_NOFILE, &files);
    const struct rlimit core = {0, 0};
    ::setrlimit(RLIMIT_CORE, &core);
    if (::nice(5) < 0) ::_exit(99);
  };
  expect_same_text("ulimit -n; ulimit -c; nice", options);
}

TEST_P(Inherited, DescriptorsStayAndNoneIsAdded) {
  expect_same_text("ls /proc/self/fd", {.in_child = [] { ::dup2(0, 7); }});
}

TEST_P(Inherited, SignalDispositionsStay) {
  expect_same_text("grep -E 'Sig(Ign|Blk)' /proc/self/status",
                   {.in_child = [] { ::signal(SIGPIPE, SIG_IGN); }});
}

TEST_P(Inherited, WorkingDirectoryStays) { expect_same_text("pwd; pwd -P; echo $PWD"); }

TEST_P(Inherited, StandardInputIsTheUsersOwn) { expect_same_text("cat", {.in = "some text\n"}); }

EVERY_MODE(Inherited);

}  // namespace
}  // namespace deja::test
