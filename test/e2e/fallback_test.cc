// SPDX-License-Identifier: Apache-2.0
// The setting `fallback`: another wrapper in front of what deja leaves alone. What it may never do: change what a
// build gets, run what is looked up, or call without end.
#include <filesystem>

#include "e2e/setup.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

class FallbackTo : public SetupTest {
 protected:
  void SetUp() override {
    SetupTest::SetUp();
    ws.write("a.c", "int a;\n#include <missing.h>\n");
    ws.write("b.c", "#include <stdio.h>\nint b;\n");
    ws.set("DEJA_FALLBACK=wrapper");
    ws.script("wrapper", "#!/bin/sh\necho \"$@\" >>'" + log() + "'\nexec \"$@\"\n");
  }
  std::string log() const { return ws.base() + "/calls"; }
  // The calls of the wrapper since the last look.
  std::string calls() {
    if (!ws.exists(log())) return "";
    const std::string text = ws.read(log());
    ws.remove(log());
    return text;
  }
  Argv timed(const std::string& source) const {
    return {cc(), is_gcc() ? "-ftime-report" : "-ftime-trace", "-c", source, "-o", "x.o"};
  }
  static std::string line_of(const Argv& argv) {
    std::string line;
    for (const std::string& word : argv) line += (line.empty() ? "" : " ") + word;
    return line + "\n";
  }
};

TEST_P(FallbackTo, RunsWhatIsLeftAloneAndNothingElse) {
  ws.expect_bypass("unsupported_option", timed("b.c"));
  EXPECT_EQ(calls(), line_of(timed("b.c")));
  EXPECT_NE(ws.last_event().detail.find("run by " + ws.bin() + "/wrapper"), std::string::npos)
      << ws.last_event();
  const Argv plain = {cc(), "-c", "b.c", "-o", "x.o"};
  ws.expect_miss(plain);
  ws.expect_hit(plain);
  if (is_gcc()) ws.expect_bypass("not_a_compile", {cc(), "--help=common"});
  EXPECT_TRUE(ws.deja({cc(), "--version"}).ok());
  EXPECT_TRUE(ws.deja({"true"}).ok());
  EXPECT_TRUE(ws.deja({"exec", "--no-cache", "--env", "all", "--", cc(), "-c", "b.c"}).ok());
  ws.set("DEJA_DISABLE=1");
  EXPECT_TRUE(ws.deja(timed("b.c")).ok());
  EXPECT_EQ(calls(), "");
}

TEST_P(FallbackTo, LeavesStreamsAndExitCodeToTheTool) {
  const Argv argv = timed("a.c");
  const Result bare = ws.run(argv);
  ASSERT_EQ(bare.exit_code, 1);
  const Result got = ws.deja(argv);
  EXPECT_NE(calls(), "");
  EXPECT_EQ(got.exit_code, bare.exit_code);
  EXPECT_NE(got.err.find("missing.h"), std::string::npos) << got;
  ws.script("wrapper", "#!/bin/sh\necho out; echo err >&2; exit 7\n");
  const Result own = ws.deja(argv);
  EXPECT_EQ(own.exit_code, 7);
  EXPECT_EQ(own.out, "out\n");
  EXPECT_EQ(own.err, "err\n");
}

// Absent, no program, or not one of this machine: the tool runs by itself.
TEST_P(FallbackTo, WithoutAProgramTheToolRuns) {
  const Result bare = ws.run(timed("b.c"));
  ASSERT_TRUE(bare.ok());
  const auto expect_the_tool = [&](const std::string& what) {
    ws.remove("x.o");
    EXPECT_TRUE(ws.deja(timed("b.c")).ok()) << what;
    EXPECT_TRUE(ws.exists("x.o")) << what;
    EXPECT_EQ(ws.last_event().reason, "unsupported_option") << what;
  };
  ws.script("wrapper", "\177ELF of another machine");
  expect_the_tool("it cannot be started");
  ws.script("wrapper", "#!/no/such/interpreter\n");
  expect_the_tool("its interpreter is absent");
  ws.write(ws.bin() + "/wrapper", "no program", 0644);
  expect_the_tool("it is no program");
  ws.remove(ws.bin() + "/wrapper");
  expect_the_tool("it is absent");
  EXPECT_NE(ws.troubles().find("fallback: there is no program wrapper on PATH"), std::string::npos)
      << ws.troubles();
  ws.make_directory(ws.bin() + "/wrapper");
  expect_the_tool("it is a directory");
}

// The wrapper must see the compiler itself, not the link to deja that stands for it: it would take deja's file
// for the compiler's.
TEST_P(FallbackTo, GetsTheRealToolBehindALink) {
  fs::create_symlink(Workspace::program(), ws.bin() + "/" + cc());
  EXPECT_TRUE(ws.run(timed("b.c")).ok());
  const std::string said = calls();
  EXPECT_EQ(said.find(ws.bin() + "/" + cc()), std::string::npos) << said;
  EXPECT_EQ(said.find('/'), 0u) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST_P(FallbackTo, AWrapperThatCallsDejaAgainIsCalledOnce) {
  ws.script("wrapper", "#!/bin/sh\necho \"$@\" >>'" + log() + "'\nexec '" + Workspace::program() +
                           "' \"$@\"\n");
  EXPECT_TRUE(ws.deja(timed("b.c")).ok());
  EXPECT_EQ(calls(), line_of(timed("b.c")));
  ws.set("DEJA_FALLBACK=deja");  // itself
  fs::create_symlink(Workspace::program(), ws.bin() + "/deja");
  EXPECT_TRUE(ws.deja(timed("b.c")).ok());
  EXPECT_EQ(calls(), "");
}

TEST_P(FallbackTo, CcacheStoresWhatDejaLeavesAlone) {
  NEEDS_TOOL("ccache");
  ws.set("DEJA_FALLBACK=ccache");
  ws.set("DEJA_EXCLUDE=*.c");
  ws.set("CCACHE_DIR=" + ws.base() + "/ccache");
  ws.set("CCACHE_NODIRECT=1");  // no source is too new for it then
  const Argv argv = {cc(), "-c", "b.c", "-o", "x.o"};
  for (int i = 0; i < 2; ++i) {
    ws.remove("x.o");
    ws.expect_bypass("excluded", argv);
    EXPECT_TRUE(ws.exists("x.o"));
  }
  const Result stats = ws.run({"ccache", "--print-stats"});
  EXPECT_NE(stats.out.find("preprocessed_cache_hit\t1\n"), std::string::npos) << stats;
  EXPECT_NE(stats.out.find("cache_miss\t1\n"), std::string::npos) << stats;
}

// ccache in front of deja in front of ccache; and the compiler's name as a link to ccache.
TEST_P(FallbackTo, CcacheAndDejaEndWhereverTheyStand) {
  NEEDS_TOOL("ccache");
  ws.set("DEJA_FALLBACK=ccache");
  ws.set("DEJA_EXCLUDE=*.c");
  ws.set("CCACHE_DIR=" + ws.base() + "/ccache");
  const Argv argv = {cc(), "-c", "b.c", "-o", "x.o"};
  const auto expect_an_object = [&](const Argv& command, const char* what) {
    ws.remove("x.o");
    const Result result = ws.run(command);
    EXPECT_TRUE(result.ok()) << what << ": " << result;
    EXPECT_TRUE(ws.exists("x.o")) << what;
  };
  ws.set("CCACHE_PREFIX=" + Workspace::program());
  expect_an_object(Workspace::with_deja(argv), "ccache calls deja");
  expect_an_object({"ccache", cc(), "-c", "b.c", "-o", "x.o"}, "ccache calls deja first");
  ws.set("CCACHE_PREFIX");
  fs::create_symlink(find_program("ccache"), ws.bin() + "/" + cc());
  expect_an_object(Workspace::with_deja(argv), "a link to ccache");
  expect_an_object({Workspace::program(), ws.bin() + "/" + cc(), "-c", "b.c", "-o", "x.o"},
                   "the path of a link to ccache");
}

EVERY_SETUP(FallbackTo);

}  // namespace
}  // namespace deja::test
