// SPDX-License-Identifier: Apache-2.0
// The ways to call deja, and what stays as the tool has it: exit codes, signals, the jobserver.
#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "e2e/setup.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

class Called : public SetupTest {
 protected:
  void SetUp() override {
    SetupTest::SetUp();
    ws.write("a.c", "int a;\n");
    ws.write("a.cc", "int a;\n");
  }
  void link_front(const std::string& name) {
    fs::create_symlink(Workspace::program(), ws.bin() + "/" + name);
  }
  // For a command that starts deja itself, instead of `deja …`.
  std::string outcome_of(const Argv& argv) {
    ws.remove("a.o");
    const std::size_t before = ws.events().size();
    const Result result = ws.run(argv);
    EXPECT_TRUE(result.ok()) << result;
    EXPECT_TRUE(ws.exists("a.o"));
    return ws.events().size() == before + 1 ? ws.last_event().outcome : "no single event";
  }
};

TEST_P(Called, ByTheToolsName) {
  link_front(cc());
  link_front(cxx());
  EXPECT_EQ(outcome_of({cc(), "-c", "a.c"}), "miss");
  EXPECT_EQ(outcome_of({cc(), "-c", "a.c"}), "hit");
  EXPECT_EQ(outcome_of({cxx(), "-c", "a.cc"}), "miss");
  EXPECT_EQ(outcome_of({cxx(), "-c", "a.cc"}), "hit");
}

// A build script that takes "deja" of CC="deja gcc" for the compiler asks it for its family.
TEST_P(Called, ToAnswerForTheCompilerBehindIt) {
  ws.write("probe.c", "#ifdef __clang__\nclang\n#else\ngcc\n#endif\n");
  const auto family = [&](const std::vector<std::string>& variables) {
    const Result r = ws.run({Workspace::program(), "-E", "probe.c"}, {.env = variables});
    EXPECT_TRUE(r.ok()) << r;
    return r.out.find("\nclang\n") != std::string::npos ? std::string("clang") : "gcc";
  };
  const std::string own = is_gcc() ? "gcc" : "clang", other = is_gcc() ? "nosuch" : "gcc";
  const std::string deja = Workspace::program() + " ";
  EXPECT_EQ(family({"CC=" + deja + cc() + " -O2"}), own);
  EXPECT_EQ(family({"CC=deja " + other, "TARGET=a-b-c", "CC_a_b_c=deja " + cc()}), own);
  EXPECT_EQ(family({"CC=deja " + other, "TARGET=a-b-c", "TARGET_CC=deja " + cc()}), own);
  EXPECT_EQ(family({"CC=deja", "HOST_CC=deja deja", "CXX=deja " + cc()}), own);
  EXPECT_EQ(family({"CC_any=deja " + cc()}), own);
  EXPECT_EQ(family({"CC=" + cc()}), family({"CC"}));  // without deja in CC: cc
  EXPECT_EQ(
      ws.run({Workspace::program(), "-E", "probe.c"}, {.env = {"CC=deja nosuchcc"}}).exit_code,
      127);
  EXPECT_TRUE(ws.events().empty());
}

TEST_P(Called, ByTheToolsNameWithAPath) {
  link_front(cc());
  EXPECT_EQ(outcome_of({ws.bin() + "/" + cc(), "-c", "a.c"}), "miss");
  EXPECT_EQ(outcome_of({ws.bin() + "/" + cc(), "-c", "a.c"}), "hit");
}

TEST_P(Called, ByNameLeavesWhatTheToolLeaves) {
  const Trial bare = ws.expect_same({cc(), "-g", "-c", "a.c"});
  link_front(cc());
  for (int i = 0; i < 2; ++i) {
    ws.remove("a.o");
    EXPECT_EQ(ws.run({cc(), "-g", "-c", "a.c"}), bare.result);
    EXPECT_EQ(difference(bare.tree, ws.tree()), "");
  }
  EXPECT_EQ(ws.run({cc(), "--version"}).out, ws.run({find_program(cc()), "--version"}).out);
}

TEST_P(Called, Twice) {
  EXPECT_EQ(outcome_of({Workspace::program(), Workspace::program(), cc(), "-c", "a.c"}), "miss");
  EXPECT_EQ(outcome_of({Workspace::program(), "deja", cc(), "-c", "a.c"}), "hit");
  EXPECT_EQ(outcome_of({Workspace::program(), cc(), "-c", "a.c"}), "hit");
}

TEST_P(Called, InFrontOfAMasquerade) {
  link_front(cc());
  EXPECT_EQ(outcome_of({Workspace::program(), cc(), "-c", "a.c"}), "miss");
  EXPECT_EQ(outcome_of({Workspace::program(), cc(), "-c", "a.c"}), "hit");
}

TEST_P(Called, FromWithinACompilerScript) {
  ws.script(cc(),
            "#!/bin/sh\nexec '" + Workspace::program() + "' '" + find_program(cc()) + "' \"$@\"\n");
  const Trial bare = ws.expect_same({cc(), "-c", "a.c"});
  EXPECT_TRUE(bare.result.ok());
}

TEST_P(Called, WithTheWholePathOfTheTool) {
  EXPECT_EQ(outcome_of(Workspace::with_deja({find_program(cc()), "-c", "a.c"})), "miss");
  EXPECT_EQ(outcome_of(Workspace::with_deja({find_program(cc()), "-c", "a.c"})), "hit");
}

TEST_P(Called, SwitchedOff) {
  ws.set("DEJA_DISABLE=1");
  const Trial bare = ws.expect_unchanged({cc(), "-c", "a.c"});
  EXPECT_TRUE(bare.result.ok());
  EXPECT_TRUE(ws.events().empty());
  EXPECT_TRUE(ws.engines().empty());
  EXPECT_FALSE(ws.exists(ws.cache()));
}

EVERY_SETUP(Called);

class Tool : public ModeTest {
 protected:
  void SetUp() override { ws.write("a.c", "int a;\n"); }
  void fake_gcc(const std::string& script) { ws.script("gcc", "#!/bin/sh\n" + script + "\n"); }
  const Argv argv = {"gcc", "-c", "a.c"};
};

TEST_P(Tool, ThatIsNotThere) {
  const Result result = ws.deja({"nosuchtool", "-c", "a.c"});
  EXPECT_EQ(result.exit_code, 127);
  EXPECT_NE(result.err.find("nosuchtool"), std::string::npos);
  EXPECT_EQ(ws.deja({"no/such/gcc", "-c", "a.c"}).exit_code, 127);
}

TEST_P(Tool, ThatIsNotThereByItsName) {
  fs::create_symlink(Workspace::program(), ws.bin() + "/nosuchcc");
  EXPECT_EQ(ws.run({"nosuchcc", "-c", "a.c"}).exit_code, 127);
}

TEST_P(Tool, ThatCannotBeExecuted) {
  ws.write("gcc", "no program\n", 0644);
  const Result result = ws.deja({"./gcc", "-c", "a.c"});
  EXPECT_TRUE(result.exit_code == 126 || result.exit_code == 127) << result;
}

TEST_P(Tool, WithoutAnInterpreterLine) {
  ws.write(ws.bin() + "/gcc", "echo ran by sh\n", 0755);
  const Result bare = ws.run({"sh", "-c", "gcc -c a.c"});
  EXPECT_EQ(ws.deja(argv), bare);
  EXPECT_EQ(ws.deja(argv), bare);
}

TEST_P(Tool, ExitCodesAreItsOwn) {
  for (const int code : {1, 2, 42, 127, 255}) {
    fake_gcc("exit " + std::to_string(code));
    EXPECT_EQ(ws.deja(argv).exit_code, code);
    EXPECT_EQ(ws.deja(argv).exit_code, code);
    EXPECT_EQ(ws.last_event().outcome, "failure");
  }
}

TEST_P(Tool, EndedByASignalEndsTheClientTheSameWay) {
  for (const int signal : {SIGSEGV, SIGTERM, SIGKILL, SIGABRT, SIGPIPE}) {
    fake_gcc("ulimit -c 0; kill -" + std::to_string(signal) + " $$");
    const Result result = ws.deja(argv);
    EXPECT_EQ(result.signal, signal) << result;
    EXPECT_EQ(ws.last_event().outcome, "failure");
  }
}

TEST_P(Tool, GetsTheSignalsSentToTheClient) {
  for (const std::string name : {"TERM", "INT", "HUP", "USR1", "QUIT"}) {
    fake_gcc("trap 'echo got " + name + "; exit 3' " + name +
             "\necho ready\nn=0; while [ $n -lt 200 ]; do sleep 0.05; n=$((n+1)); done");
    Process client = ws.start(Workspace::with_deja(argv));
    ASSERT_TRUE(client.wait_for_output());
    const int signal = name == "TERM"   ? SIGTERM
                       : name == "INT"  ? SIGINT
                       : name == "HUP"  ? SIGHUP
                       : name == "USR1" ? SIGUSR1
                                        : SIGQUIT;
    client.send(signal);
    const Result result = client.wait();
    EXPECT_EQ(result.out, "ready\ngot " + name + "\n");
    EXPECT_EQ(result.exit_code, 3) << name;
  }
}

TEST_P(Tool, DiesOfASignalSentToTheClient) {
  fake_gcc("echo ready\nexec sleep 20");
  for (const int signal : {SIGTERM, SIGINT}) {
    Process client = ws.start(Workspace::with_deja(argv));
    ASSERT_TRUE(client.wait_for_output());
    client.send(signal);
    EXPECT_EQ(client.wait().signal, signal);
  }
}

TEST_P(Tool, IsEndedWithTheClient) {
  fake_gcc("echo $$ >pid\necho ready\nexec sleep 20");
  Process client = ws.start(Workspace::with_deja(argv));
  ASSERT_TRUE(client.wait_for_output());
  client.send(SIGKILL);
  client.wait();
  const std::string pid = ws.read("pid");
  EXPECT_TRUE(wait_until([&] { return !fs::exists("/proc/" + pid.substr(0, pid.size() - 1)); }));
}

TEST_P(Tool, ThatIgnoresInterruptsIsNotInterrupted) {
  fake_gcc("echo ready\nsleep 0.3\necho done");
  Process client =
      ws.start(Workspace::with_deja(argv), {.in_child = [] { ::signal(SIGINT, SIG_IGN); }});
  ASSERT_TRUE(client.wait_for_output());
  client.send(SIGINT);
  const Result result = client.wait();
  EXPECT_EQ(result.out, "ready\ndone\n") << result;
}

EVERY_MODE(Tool);

class Built : public ModeTest {
 protected:
  void SetUp() override {
    NEEDS_TOOL("make");
    ws.write("a.c", "int a;\n");
    ws.write("b.c", "int b;\n");
  }
};

TEST_P(Built, ByMakeWithAJobserverThatTheToolCanUse) {
  // The compiler takes a token from make's jobserver and returns it, as parallel LTO does.
  ws.script("gcc",
            "#!/bin/sh\nset -e\n"
            "auth=$(echo \"$MAKEFLAGS\" | sed -n "
            "'s/.*--jobserver-[a-z]*=\\([0-9]*\\),\\([0-9]*\\).*/\\1 \\2/p')\n"
            "set -- $auth \"$@\"\nin=$1 out=$2; shift 2\n"
            "token=$(eval \"dd bs=1 count=1 2>/dev/null <&$in\")\n"
            "eval \"printf '%s' \\\"\\$token\\\" >&$out\"\n"
            "exec /usr/bin/gcc \"$@\"\n");
  ws.write("Makefile",
           "all: a.o b.o\n%.o: %.c\n\t+'" + Workspace::program() + "' gcc -c $< -o $@\n");
  const Result first = ws.run({"make", "-j4"});
  EXPECT_TRUE(first.ok()) << first;
  EXPECT_TRUE(ws.exists("a.o") && ws.exists("b.o"));
  ws.remove("a.o");
  const Result second = ws.run({"make", "-j4"});
  EXPECT_TRUE(second.ok()) << second;
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

TEST_P(Built, ByCmakeAsALauncher) {
  NEEDS_TOOL("cmake");
  ws.write("CMakeLists.txt",
           "cmake_minimum_required(VERSION 3.20)\nproject(p C)\nadd_library(p STATIC a.c b.c)\n");
  const auto build = [this](const std::string& directory) {
    const Result configured = ws.run(
        {"cmake", "-S", ".", "-B", directory, "-G", "Unix Makefiles", "-DCMAKE_BUILD_TYPE=Release",
         "-DCMAKE_C_COMPILER=/usr/bin/gcc", "-DCMAKE_C_COMPILER_LAUNCHER=" + Workspace::program()});
    EXPECT_TRUE(configured.ok()) << configured;
    const Result built = ws.run({"cmake", "--build", directory});
    EXPECT_TRUE(built.ok()) << built;
  };
  build("build1");
  EXPECT_EQ(ws.last_event().outcome, "miss");
  build("build2");
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

EVERY_MODE(Built);

}  // namespace
}  // namespace deja::test
