// SPDX-License-Identifier: Apache-2.0
// `deja run`: whole builds without any set-up.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "e2e/cargo.h"
#include "e2e/setup.h"

namespace deja::test {
namespace {

class RunTest : public ModeTest {
 protected:
  void SetUp() override {
    ModeTest::SetUp();
    ws.write("a.c", "int b(void);\nint main(void) { return b(); }\n");
    ws.write("b.c", "int b(void) { return 0; }\n");
    ws.write("Makefile",
             "prog: a.o lib.a\n\tgcc -o $@ a.o lib.a\n"
             "lib.a: b.o\n\trm -f $@; ar rcs $@ b.o\n"
             "%.o: %.c\n\tgcc -c $< -o $@\n");
  }
  static Argv under_run(const Argv& argv) {
    Argv all = {Workspace::program(), "run", "--"};
    all.insert(all.end(), argv.begin(), argv.end());
    return all;
  }
  // Whoever runs the tests may pass on descriptors, with which commands are not looked up.
  static Options with_streams_only(Options options) {
    options.in_child = [] {
      for (int fd = 3; fd < 256; ++fd) ::close(fd);
    };
    return options;
  }
  Result build(const Argv& argv, const Options& options = {}) const {
    return ws.run(under_run(argv), with_streams_only(options));
  }
  // The outcomes since the last call: "gcc hit, ar miss", each once, in the order of their names.
  std::string outcomes() {
    std::set<std::string> all;
    const auto events = ws.events();
    for (; seen < events.size(); ++seen)
      all.insert(std::filesystem::path(events[seen].tool).filename().string() + " " +
                 events[seen].outcome);
    std::string out;
    for (const std::string& one : all) out += (out.empty() ? "" : ", ") + one;
    return out;
  }
  // Runs the command as it is, then three times under `deja run` from the same files. All must leave the
  // same.
  void expect_same(const Argv& argv, const Options& options = {}) {
    const Tree before = ws.tree();
    const Result plain = ws.run(argv, with_streams_only(options));
    const Tree after = ws.tree();
    for (int i = 0; i < 3; ++i) {
      ws.restore(before);
      EXPECT_EQ(build(argv, options), plain) << i;
      EXPECT_EQ(difference(after, ws.tree()), "") << i;
    }
  }
  void compile(const std::string& name, const std::string& text, const Argv& more = {}) {
    ws.write(name + ".c", text);
    Argv argv = {"gcc", name + ".c", "-o", name};
    argv.insert(argv.end(), more.begin(), more.end());
    ASSERT_TRUE(ws.run(argv).ok());
    ws.remove(name + ".c");
  }
  void always(const std::string& names) {
    ws.write(".deja.toml", "run.commands = true\nrun.always = [" + names + "]\n");
  }

  void with_commands() { ws.write(".deja.toml", "run.commands = true\n"); }

  std::size_t seen = 0;
};

// --- whole builds ---------------------------------------------------------------------------------------

TEST_P(RunTest, MakeIsServed) {
  const Tree before = ws.tree();
  const Result plain = ws.run({"make", "-j2"});
  const Tree after = ws.tree();
  ws.restore(before);
  EXPECT_TRUE(build({"make", "-j2"}).ok());
  EXPECT_EQ(outcomes(), "ar miss, gcc miss");
  ws.restore(before);
  EXPECT_TRUE(build({"make", "-j2"}).ok());
  EXPECT_EQ(outcomes(), "ar hit, gcc hit");
  EXPECT_EQ(difference(after, ws.tree()), "");
  EXPECT_EQ(ws.run({"make", "-q"}).exit_code, 0);
  EXPECT_EQ(build({"make", "-q"}).exit_code, 0);
  EXPECT_TRUE(plain.ok());
}

TEST_P(RunTest, SubmakesShareTheJobserver) {
  ws.write("top.mk", "all:\n\t+$(MAKE) prog\n\t@echo $(filter -j%,$(MAKEFLAGS))\n");
  expect_same({"make", "-j2", "-f", "top.mk"});
  ws.remove("prog");
  const Result r = build({"make", "-j2", "-f", "top.mk"});
  EXPECT_EQ(r.err.find("jobserver"), std::string::npos) << r;
}

TEST_P(RunTest, NinjaIsServed) {
  NEEDS_TOOL("ninja");
  ws.write("build.ninja",
           "rule cc\n  command = gcc -MD -MF $out.d -c $in -o $out\n  depfile = $out.d\n"
           "rule link\n  command = gcc $in -o $out && touch $out.done\n"
           "build a.o: cc a.c\nbuild b.o: cc b.c\nbuild prog: link a.o b.o\n");
  const Tree before = ws.tree();
  EXPECT_TRUE(build({"ninja"}).ok());
  EXPECT_EQ(outcomes(), "gcc miss");
  ws.restore(before);
  EXPECT_TRUE(build({"ninja"}).ok());
  EXPECT_EQ(outcomes(), "gcc hit");
  EXPECT_TRUE(ws.exists("prog.done"));
  EXPECT_NE(ws.run({"ninja", "-n"}).out.find("no work to do"), std::string::npos);
}

TEST_P(RunTest, AScriptIsServed) {
  ws.write("build.sh",
           "set -e\nfor i in a b; do gcc -c $i.c -o $i.o; done\n"
           "(ar rcs lib.a b.o)\ngcc a.o lib.a -o prog | cat\necho done >> log\n");
  expect_same({"sh", "build.sh"});
  EXPECT_EQ(outcomes(), "ar hit, ar miss, gcc hit, gcc miss");
}

TEST_P(RunTest, AToolAloneIsServed) {
  EXPECT_TRUE(build({"gcc", "-c", "b.c"}).ok());
  EXPECT_TRUE(build({"gcc", "-c", "b.c"}).ok());
  EXPECT_EQ(outcomes(), "gcc hit, gcc miss");
}

// --- each way to start a program ------------------------------------------------------------------------

// Starts "gcc -c b.c" in the way of its first argument.
const char* const kStarter = R"(
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
static int wait_for(pid_t child) {
  int status = 1;
  waitpid(child, &status, 0);
  return status;
}
int main(int argc, char **argv) {
  (void)argc;
  char *words[] = {"gcc", "-c", "b.c", NULL};
  const char *how = argv[1], *path = "/usr/bin/gcc";
  pid_t child = 0;
  if (!strcmp(how, "system")) return system("gcc -c b.c") != 0;
  if (!strcmp(how, "popen")) {
    FILE *f = popen("gcc -c b.c", "r");
    return pclose(f) != 0;
  }
  if (!strcmp(how, "spawn"))
    return posix_spawn(&child, path, NULL, NULL, words, environ) || wait_for(child);
  if (!strcmp(how, "spawnp"))
    return posix_spawnp(&child, "gcc", NULL, NULL, words, environ) || wait_for(child);
  if (!strcmp(how, "vfork")) {
    child = vfork();
    if (child == 0) {
      execve(path, words, environ);
      _exit(1);
    }
    return wait_for(child);
  }
  if (!strcmp(how, "fork")) {
    child = fork();
    if (child == 0) {
      for (int fd = 3; fd < 1024; ++fd) close(fd);
      execvp("gcc", words);
      _exit(1);
    }
    return wait_for(child);
  }
  if (!strcmp(how, "clearenv")) {
    clearenv();
    setenv("PATH", "/usr/bin:/bin", 1);
    execv(path, words);
  }
  if (!strcmp(how, "empty")) {
    char *none[] = {"PATH=/usr/bin:/bin", NULL};
    execve(path, words, none);
  }
  if (!strcmp(how, "execv")) execv(path, words);
  if (!strcmp(how, "execvp")) execvp("gcc", words);
  if (!strcmp(how, "execvpe")) execvpe("gcc", words, environ);
  if (!strcmp(how, "execl")) execl(path, "gcc", "-c", "b.c", (char *)0);
  if (!strcmp(how, "execlp")) execlp("gcc", "gcc", "-c", "b.c", (char *)0);
  if (!strcmp(how, "execle")) execle(path, "gcc", "-c", "b.c", (char *)0, environ);
  if (!strcmp(how, "syscall")) syscall(SYS_execve, path, words, environ);
  if (!strcmp(how, "execveat"))
    syscall(SYS_execveat, AT_FDCWD, path, words, environ, 0);
  if (!strcmp(how, "fexecve")) fexecve(open(path, O_RDONLY | O_CLOEXEC), words, environ);
  return 1;
}
)";

TEST_P(RunTest, EachWayToStartAProgram) {
  compile("starter", kStarter);
  const auto made_by = [&](const char* how) {
    ws.remove("b.o");
    EXPECT_TRUE(build({"./starter", how}).ok()) << how;
    EXPECT_TRUE(ws.exists("b.o")) << how;
  };
  ASSERT_TRUE(build({"gcc", "-c", "b.c"}).ok());
  EXPECT_EQ(outcomes(), "gcc miss");
  for (const char* how : {"execv", "execvp", "execvpe", "execl", "execlp", "execle", "syscall",
                          "execveat", "spawn", "spawnp", "system", "popen", "vfork", "fork"}) {
    made_by(how);
    EXPECT_EQ(outcomes(), "gcc hit") << how;
  }
  // Another environment is another action.
  for (const char* how : {"clearenv", "empty"}) {
    made_by(how);
    EXPECT_NE(outcomes(), "") << how;
  }
  made_by("fexecve");  // runs as it is
  outcomes();
  // What a driver does not find, it does not find under `deja run` either.
  EXPECT_EQ(build({"sh", "-c", "nosuchtool; echo $?; ./b.c; echo $?"}),
            ws.run({"sh", "-c", "nosuchtool; echo $?; ./b.c; echo $?"}));
}

TEST_P(RunTest, AStaticParentRunsAsItIs) {
  compile("starter", kStarter, {"-static"});
  EXPECT_TRUE(build({"sh", "-c", "./starter execv && make a.o"}).ok());
  EXPECT_TRUE(ws.exists("b.o"));
  EXPECT_EQ(outcomes(), "gcc miss");  // a.o
}

// --- what the build sees --------------------------------------------------------------------------------

TEST_P(RunTest, TheEnvironmentIsTheUsers) {
  ws.write("env.mk", "all:\n\t@env\n\t@sh -c 'env'\n\t@env -i A=1 env\n\t@env LD_PRELOAD= env\n");
  for (const Argv& argv :
       {Argv{"env"}, Argv{"sh", "-c", "env; exec env"}, Argv{"make", "-f", "env.mk"}})
    EXPECT_EQ(build(argv), ws.run(argv)) << argv.front();
}

TEST_P(RunTest, TheUsersPreloadsStay) {
  compile("own.so", "int own(void) { return 1; }\n", {"-shared", "-fPIC"});
  ws.set("LD_PRELOAD=" + ws.path("own.so"));
  ws.remove(ws.path("own.so"));  // the path of the workspace has a space, so nothing is loaded
  const Argv argv = {"sh", "-c", "env; exec env"};
  EXPECT_EQ(build(argv).out, ws.run(argv).out);
}

TEST_P(RunTest, ProcessesAreTheUsers) {
  const Argv argvs[] = {{"sh", "-c", "exit 3"},
                        {"sh", "-c", "kill -TERM $$"},
                        {"sh", "-c", "gcc -c nosuch.c; echo $?"},
                        {"make", "nosuch"},
                        {"sh", "-c", "(exit 4) | cat; echo $?; false || echo no"},
                        {"sh", "-c", "ulimit -n; umask; echo $0 $#"},
                        {"sh", "-c", "trap 'echo ended' EXIT; gcc -c b.c & wait $!; echo $?"},
                        {"sh", "-c", "ls /proc/self/fd | wc -l"},
                        {"nosuchprogram"}};
  for (const Argv& argv : argvs) {
    const Result plain = ws.run(argv, with_streams_only({})), under = build(argv);
    EXPECT_EQ(under.exit_code, plain.exit_code) << argv.back();
    EXPECT_EQ(under.signal, plain.signal) << argv.back();
    EXPECT_EQ(under.out, plain.out) << argv.back();
    if (argv.size() > 1) {
      EXPECT_EQ(under.err, plain.err) << argv.back();
    }
  }
}

TEST_P(RunTest, StandardInputReachesTheProgram) {
  expect_same({"sh", "-c", "cat > copy; gcc -c b.c"}, {.in = "text\n"});
  expect_same({"sh", "-c", "gcc -xc -c - -o c.o"}, {.in = "int c;\n"});
}

TEST_P(RunTest, ControlCReachesTheBuild) {
  compile("waiter", R"(
#include <signal.h>
#include <stdio.h>
int main(void) {
  sigset_t set;
  int got = 0;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, NULL);
  puts("ready");
  fflush(stdout);
  sigwait(&set, &got);
  return got == SIGINT ? 7 : 1;
}
)");
  Process process = ws.start(under_run({"./waiter"}), {.streams = Streams::terminal});
  ASSERT_TRUE(process.wait_for_text("ready"));
  process.type("\x03");
  EXPECT_EQ(process.wait().exit_code, 7);
}

TEST_P(RunTest, TheProcessIsTheCommand) {
  Process process =
      ws.start(under_run({"sh", "-c", "echo $$; cat"}), {.streams = Streams::terminal});
  ASSERT_TRUE(process.wait_for_text(std::to_string(process.pid())));
  process.send(SIGTERM);
  EXPECT_EQ(process.wait().signal, SIGTERM);
}

TEST_P(RunTest, ArgumentZeroStays) {
  ws.write("show.sh", "#!/bin/sh\necho \"$0\"\n", 0755);
  ws.script("show", "#!/bin/sh\necho \"$0\"\n");
  expect_same({"./show.sh"});
  expect_same({"../work/show.sh"});
  expect_same({"show"});
  always("\"show*\"");
  expect_same({"sh", "-c", "./show.sh; show; ../work/show.sh; \"$PWD/show.sh\""});
  EXPECT_EQ(outcomes(), "show hit, show miss, show.sh hit, show.sh miss");
  ws.script("gcc", "#!/bin/sh\necho \"$0\"\nexec /usr/bin/gcc \"$@\"\n");
  compile("bin2",
          "#include <stdio.h>\nint main(int c, char **v) { (void)c; puts(v[0]); return 0; }\n");
  std::filesystem::copy_file(ws.path("bin2"), ws.bin() + "/xxd");
  for (const char* text : {"xxd a.c", "\"$D/xxd\" b.c", "exec -a other \"$D/xxd\" b.c"})
    expect_same({"bash", "-c", text}, {.env = {"D=" + ws.bin()}});
  expect_same({"sh", "-c", "gcc -c b.c"});
}

// --- others in the build --------------------------------------------------------------------------------

TEST_P(RunTest, WrappersInsideAreNotCachedTwice) {
  EXPECT_TRUE(build({"make", "a.o"}).ok());
  EXPECT_EQ(ws.events().size(), 1U);
  const std::string compiler = "CC='" + Workspace::program() + "' gcc";
  ws.write("cc.mk", "b.o: b.c\n\t$(CC) -c b.c\n");
  ASSERT_TRUE(build({"make", "-f", "cc.mk", "b.o", compiler}).ok());
  EXPECT_EQ(ws.events().size(), 2U);
  ws.remove("b.o");
  ASSERT_TRUE(ws.deja({"gcc", "-c", "b.c"}, {.env = {"MAKELEVEL=1", "MAKEFLAGS= -- CC='x"}}).ok());
  std::filesystem::create_symlink(Workspace::program(), ws.bin() + "/gcc");  // a masquerade
  ws.remove("a.o");
  outcomes();
  EXPECT_TRUE(build({"make", "a.o"}).ok());
  EXPECT_EQ(ws.events().size(), 4U);
}

TEST_P(RunTest, ACcacheInsideStaysInFront) {
  NEEDS_TOOL("ccache");
  ws.set("CCACHE_DIR=" + ws.base() + "/ccache");
  ASSERT_TRUE(build({"make", "-f", "Makefile", "a.o"}).ok());
  outcomes();
  expect_same({"sh", "-c", "ccache gcc -c b.c"});
  std::filesystem::create_symlink(find_program("ccache"), ws.bin() + "/gcc");
  expect_same({"sh", "-c", "gcc -c b.c"});
  EXPECT_EQ(outcomes(), "");
}

TEST_P(RunTest, InItself) {
  const Tree before = ws.tree();
  ws.write("outer.mk",
           "all:\n\t" + std::string("'") + Workspace::program() + "' run -- $(MAKE) -f Makefile\n");
  EXPECT_TRUE(build({"make", "-f", "outer.mk"}).ok());
  EXPECT_EQ(outcomes(), "ar miss, gcc miss");
  ws.restore(before);
  EXPECT_TRUE(build({"make"}).ok());
  EXPECT_EQ(outcomes(), "ar hit, gcc hit");
}

TEST_P(RunTest, ASubcommandInsideAnswers) {
  const Result r =
      build({"sh", "-c", "'" + Workspace::program() + "' version; env | grep -c DEJA_"});
  EXPECT_EQ(r.out, ws.deja({"version"}).out + "2\n");  // DEJA_DIR, DEJA_DAEMON
}

TEST_P(RunTest, SwitchedOff) {
  for (const char* entry : {"DEJA_DISABLE=1"}) {
    EXPECT_TRUE(build({"make"}, {.env = {entry}}).ok());
    EXPECT_TRUE(ws.engines().empty());
    EXPECT_FALSE(ws.exists(ws.cache()));
  }
  ws.remove("b.o");
  EXPECT_TRUE(build({"sh", "-c", "DEJA_DISABLE=1 gcc -c b.c"}).ok());
  EXPECT_TRUE(ws.exists("b.o"));
  EXPECT_EQ(outcomes(), "");
}

TEST_P(RunTest, WithoutACacheDirectory) {
  const Options none = {.env = {"DEJA_DIR", "HOME", "XDG_CACHE_HOME"}};
  const Result r = build({"make"}, none);
  EXPECT_TRUE(r.ok()) << r;
  EXPECT_NE(r.err.find("runs without deja"), std::string::npos) << r;
  ws.write("file", "");
  ws.remove("b.o");
  EXPECT_TRUE(build({"make"}, {.env = {"DEJA_DIR=" + ws.path("file")}}).ok());
}

TEST_P(RunTest, ATableThatIsGoneMeansNoRouting) {
  EXPECT_TRUE(build({"sh", "-c", "rm -rf '" + ws.cache() + "'/run; gcc -c b.c"}).ok());
  EXPECT_TRUE(ws.exists("b.o"));
  EXPECT_EQ(outcomes(), "");
}

TEST_P(RunTest, AStepWithAnotherHomeUsesTheSameCache) {
  ASSERT_TRUE(build({"gcc", "-c", "b.c"}).ok());
  const std::string other = ws.base() + "/other";
  EXPECT_TRUE(build({"sh", "-c", "DEJA_DIR='" + other + "' HOME='" + other + "' gcc -c a.c"}).ok());
  EXPECT_FALSE(ws.exists(other));
  EXPECT_EQ(outcomes(), "gcc miss");
}

// --- commands -------------------------------------------------------------------------------------------

TEST_P(RunTest, ACommandIsServed) {
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

TEST_P(RunTest, AShellCommandIsServedWithAllThatItStarts) {
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
TEST_P(RunTest, CommandsThatChangeWhatIsThere) {
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
TEST_P(RunTest, ACommandThatSendsASignalIsNotStored) {
  compile(
      "gen",
      "#include <signal.h>\n#include <stdio.h>\n#include <unistd.h>\nint main(void) { "
      "kill(getppid(), "
      "SIGURG);\nFILE *out = fopen(\"out\", \"w\"); fputs(\"1\", out); return fclose(out); }\n");
  always("\"gen\"");
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(build({"sh", "-c", "./gen; ./gen"}).ok());
    EXPECT_EQ(ws.last_event().not_stored, "connected");
  }
  EXPECT_EQ(outcomes().find("hit"), std::string::npos);
}

TEST_P(RunTest, AReportDoesNotKeepInterruptsFromTheBuild) {
  for (const char* option : {"--explain", "--dry-run"}) {
    const Result result = ws.deja({"run", option, "--", "sh", "-c", "kill -INT $$; echo survived"});
    EXPECT_EQ(result.out, "") << option;
  }
}

// A stored random number would be the same one for ever.
TEST_P(RunTest, RandomNumbersAreNotStored) {
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
TEST_P(RunTest, ACommandWithOtherDescriptorsRunsAsItIs) {
  compile("gen", "#include <unistd.h>\nint main(void) { return write(3, \"text\\n\", 5) != 5; }\n");
  ws.write("b.sh", "exec 3>log\n./gen\n./gen\n");
  expect_same({"sh", "b.sh"});
  EXPECT_EQ(outcomes(), "");
}

TEST_P(RunTest, TestsRunUnlessTheyAreAskedFor) {
  with_commands();
  compile("my_test", "#include <stdio.h>\nint main(void) { puts(\"passed\"); return 0; }\n");
  expect_same({"sh", "-c", "./my_test; true"});
  EXPECT_EQ(outcomes(), "");
  const Argv with = {Workspace::program(), "run", "--tests", "--", "sh", "-c", "./my_test; true"};
  EXPECT_EQ(ws.run(with, with_streams_only({})).out, "passed\n");
  EXPECT_EQ(outcomes(), "my_test miss");
}

TEST_P(RunTest, BackgroundChildrenAndPipes) {
  expect_same({"sh", "-c", "gcc -c a.c & gcc -c b.c & wait; gcc -E b.c | grep -c return"});
  expect_same({"sh", "-c", "(sleep 0 && gcc -c a.c) | cat; yes | head -n 2"});
}

// --- controls -------------------------------------------------------------------------------------------

TEST_P(RunTest, Rules) {
  ws.write(".deja.toml", "run.never = [\"sh -c gcc -c a*\"]\nrun.driver = [\"ar\"]\n");
  EXPECT_TRUE(build({"make"}).ok());
  EXPECT_EQ(outcomes(), "gcc miss");
  ws.write("never.mk", "a.o b.o:\n\tgcc -c $(@:.o=.c); true\n");
  ws.remove("a.o");
  ws.remove("b.o");
  EXPECT_TRUE(build({"make", "-f", "never.mk", "a.o"}).ok());
  EXPECT_EQ(outcomes(), "");
  EXPECT_TRUE(build({"make", "-f", "never.mk", "b.o"}).ok());
  EXPECT_NE(outcomes(), "");
}

TEST_P(RunTest, ADryRunOnlyTells) {
  const Tree before = ws.tree();
  ASSERT_TRUE(ws.run({"make"}).ok());
  const Tree after = ws.tree();
  ws.restore(before);
  const Result r = ws.run({Workspace::program(), "run", "--dry-run", "--", "make"});
  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(difference(after, ws.tree()), "");
  EXPECT_EQ(outcomes(), "");
  for (const char* text : {"action   gcc ", "action   ar ", "driver   sh "})
    EXPECT_NE(r.err.find(text), std::string::npos) << text << r;
}

TEST_P(RunTest, ExplainTellsAndServes) {
  const Argv argv = {Workspace::program(), "run", "--explain", "--", "sh", "-c", "make; exit 3"};
  const Result r = ws.run(argv);
  EXPECT_EQ(r.exit_code, 3);
  EXPECT_NE(r.err.find("it starts other programs"), std::string::npos) << r;
  EXPECT_EQ(outcomes(), "ar miss, gcc miss");
}

TEST_P(RunTest, WrongUsage) {
  EXPECT_EQ(ws.deja({"run"}).exit_code, 2);
  EXPECT_EQ(ws.deja({"run", "--nosuch", "--", "true"}).exit_code, 2);
  EXPECT_EQ(build({"nosuchprogram"}).exit_code, 127);
  EXPECT_EQ(build({"./a.c"}).exit_code, 127);  // no permission: it is not found, as in PATH
  EXPECT_EQ(ws.deja({"run", "--help"}).exit_code, 0);
}

EVERY_MODE(RunTest);

// --- cargo ----------------------------------------------------------------------------------------------

class RunCargo : public CargoTest {};

TEST_P(RunCargo, IsServed) {
  ws.write("c/Cargo.toml", "[package]\nname = \"c\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
  ws.write("c/src/main.rs", "fn main() { println!(\"{}\", c::one()); }\n");
  ws.write("c/src/lib.rs", "pub fn one() -> u32 { 1 }\n");
  const Argv argv = {Workspace::program(), "run", "--", "cargo", "build"};
  ASSERT_TRUE(ws.run(argv, {.cwd = "c"}).ok());
  EXPECT_NE(outcomes().find("c miss"), std::string::npos);
  ws.remove("c/target");
  const Result r = ws.run(argv, {.cwd = "c"});
  ASSERT_TRUE(r.ok()) << r;
  const std::string warm = outcomes();
  EXPECT_NE(warm.find("hit"), std::string::npos) << warm;
  EXPECT_EQ(warm.find("miss"), std::string::npos) << warm;
  EXPECT_EQ(ws.run({"target/debug/c"}, {.cwd = "c"}).out, "1\n");
}

INSTANTIATE_TEST_SUITE_P(, RunCargo, ::testing::Values(Mode::daemon), mode_label);

}  // namespace
}  // namespace deja::test
