// SPDX-License-Identifier: Apache-2.0
// `deja run`: whole builds without any set-up.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "e2e/cargo.h"
#include "e2e/run.h"

namespace deja::test {
namespace {

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

TEST_P(RunTest, AReportDoesNotKeepInterruptsFromTheBuild) {
  for (const char* option : {"--explain", "--dry-run"}) {
    const Result result = ws.deja({"run", option, "--", "sh", "-c", "kill -INT $$; echo survived"});
    EXPECT_EQ(result.out, "") << option;
  }
}

// What deja run itself cannot write is no reason to stop the build.
TEST_P(RunTest, ASmallFileLimitIsTheBuildsAlone) {
  const Result plain = ws.run({"sh", "-c", "ulimit -f 8; exec sh -c 'gcc -c b.c && echo done'"});
  ws.remove("b.o");
  const Result result = ws.run(
      {"sh", "-c",
       "ulimit -f 8; exec '" + Workspace::program() + "' run -- sh -c 'gcc -c b.c && echo done'"});
  EXPECT_EQ(result.exit_code, plain.exit_code) << result;
  EXPECT_EQ(result.out, plain.out);
  EXPECT_NE(result.err.find("runs without deja"), std::string::npos) << result;
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
