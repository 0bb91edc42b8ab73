// SPDX-License-Identifier: Apache-2.0
// What a tool prints: to pipes, one pipe, a terminal, or nothing; as a miss and as a hit.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "e2e/setup.h"

namespace deja::test {
namespace {

constexpr const char* kWarns = "#warning beware\nint f(void) { int unused; return 0; }\n";

class Stream : public SetupTest {
 protected:
  void SetUp() override {
    SetupTest::SetUp();
    ws.write("w.c", kWarns);
  }
  Argv argv() const { return {cc(), "-Wall", "-c", "w.c"}; }
};

TEST_P(Stream, TerminalGetsColourAndPipeGetsPlainFromOneEntry) {
  const Options terminal = {.streams = Streams::terminal};
  const Result coloured = ws.run(argv(), terminal);
  const Result plain = ws.run(argv());
  EXPECT_NE(coloured.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(plain.err.find('\x1b'), std::string::npos);
  EXPECT_EQ(ws.expect_miss(argv()), plain);
  EXPECT_EQ(ws.expect_hit(argv(), terminal), coloured);
  EXPECT_EQ(ws.expect_hit(argv()), plain);
}

// On a terminal both streams are one file; the result does not say which stream wrote what.
TEST_P(Stream, TerminalFirstAndPipesLater) {
  const Options terminal = {.streams = Streams::terminal};
  const Result coloured = ws.run(argv(), terminal);
  const Result plain = ws.run(argv());
  EXPECT_EQ(ws.expect_miss(argv(), terminal), coloured);
  EXPECT_EQ(ws.expect_hit(argv(), terminal), coloured);
  EXPECT_EQ(ws.deja(argv()), plain);
  EXPECT_EQ(ws.expect_hit(argv()), plain);
  EXPECT_EQ(ws.expect_hit(argv(), terminal), coloured);
}

// A result without any text serves every kind of streams; so does a result with text on only one of
// two streams.
TEST_P(Stream, SilenceIsSharedByAllKindsOfStreams) {
  ws.write("a.c", "int a;\n");
  const Streams kinds[] = {Streams::terminal, Streams::apart, Streams::one};
  for (const Streams first : kinds) {
    const Argv compile = {cc(), "-DKIND=" + std::to_string(static_cast<int>(first)), "-c", "a.c"};
    ws.expect_miss(compile, {.streams = first});
    for (const Streams later : kinds) ws.expect_hit(compile, {.streams = later});
  }
}

TEST_P(Stream, OneOfTwoStreamsServesOne) {
  const Options one = {.streams = Streams::one};
  ws.expect_miss(argv());
  EXPECT_EQ(ws.expect_hit(argv(), one), ws.run(argv(), one));
  ws.write("a.c", "int a;\n");
  const Argv prints = {cc(), "-E", "a.c"};
  ws.expect_miss(prints);
  EXPECT_EQ(ws.expect_hit(prints, one), ws.run(prints, one));
}

TEST_P(Stream, BothStreamsServeNoSingleOne) {
  const Argv both = {cc(), "-E", "w.c"};
  ws.expect_miss(both);
  EXPECT_FALSE(ws.deja(both, {.streams = Streams::one}).out.empty());
  EXPECT_EQ(ws.last_event().outcome, "miss");
  EXPECT_EQ(ws.last_event().reason, "the stored result has standard output and error as two texts");
}

// The assembler prints what the source says, which may look like a message of the compiler.
TEST_P(Stream, WhatLooksLikeAMessageMayBeStandardOutput) {
  ws.write("p.c", "__asm__(\".print \\\"p.c:1:1: warning: beware\\\"\");\nint a;\n");
  ws.expect_same({cc(), "-c", "p.c"}, {.streams = Streams::one});
  ws.expect_unchanged({cc(), "-c", "p.c"});
  ws.expect_unchanged({cc(), "-c", "p.c"}, {.streams = Streams::terminal});
}

TEST_P(Stream, TerminalThatKnowsNoColour) {
  ws.expect_same(argv(), {.env = {"TERM=dumb"}, .streams = Streams::terminal});
  ws.expect_unchanged(argv(), {.env = {"TERM=xterm"}, .streams = Streams::terminal});
  ws.expect_unchanged(argv(), {.env = {"NO_COLOR=1"}, .streams = Streams::terminal});
  ws.expect_unchanged(argv(), {.env = {"TERM"}, .streams = Streams::terminal});
}

TEST_P(Stream, EscapesInAQuotedSourceAreNotColours) {
  ws.write("b.c", "int f(void) { int unused = sizeof(\"\x1b[1m\"); return 0; }\n");
  ws.expect_same({cc(), "-Wall", "-c", "b.c"});
  ws.write("h.h", "static int f(void) { return sizeof(\"\x1b[1m\"); }\n");
  ws.write("c.c", "#include \"h.h\"\nint c;\n");
  for (int i = 0; i < 2; ++i) {
    ws.run(Workspace::with_deja({cc(), "-Wall", "-c", "c.c"}));
    EXPECT_EQ(ws.last_event().outcome, "miss");
  }
}

TEST_P(Stream, EscapesInAQuotedSourceOfWideCharacters) {
  const std::string text = "int f(void) { int unused = sizeof(\"\x1b[1m\"); return 0; }\n";
  std::string wide;
  for (const char c : text) wide += {c, '\0'};
  ws.write("w.c", wide);
  const Argv compile{"gcc", "-nostdinc", "-finput-charset=UTF-16LE", "-Wall", "-c", "w.c"};
  EXPECT_NE(ws.expect_same(compile).result.err.find('\x1b'), std::string::npos);
}

TEST_P(Stream, ColoursOfTheUsersChoice) {
  for (const std::string colours : {"warning=01;32", "", "error=31"}) {
    ws.expect_unchanged(argv(), {.env = {"GCC_COLORS=" + colours}, .streams = Streams::terminal});
    ws.expect_unchanged(argv(), {.env = {"GCC_COLORS=" + colours}});
  }
}

TEST_P(Stream, ColourByOption) {
  for (const char* when : {"always", "never"}) {
    Argv coloured = argv();
    coloured.push_back(std::string("-fdiagnostics-color=") + when);
    ws.expect_unchanged(coloured);
    ws.expect_unchanged(coloured, {.streams = Streams::terminal});
  }
}

// The user asks for the default.
TEST_P(Stream, ColourWhereThereIsATerminal) {
  Argv coloured = argv();
  coloured.push_back("-fdiagnostics-color=auto");
  ws.expect_unchanged(coloured);
  ws.expect_unchanged(coloured, {.streams = Streams::terminal});
}

// gcc writes warnings while it writes the preprocessed text: the order in one pipe is kept.
TEST_P(Stream, OnePipeKeepsTheOrder) {
  const Options one = {.streams = Streams::one};
  ws.expect_same({cc(), "-E", "w.c"}, one);
}

TEST_P(Stream, OnePipeAndTwoDoNotMixUp) {
  const Options one = {.streams = Streams::one};
  ws.expect_unchanged({cc(), "-E", "w.c"});
  ws.expect_unchanged({cc(), "-E", "w.c"}, one);
  ws.expect_unchanged({cc(), "-E", "w.c"});
}

TEST_P(Stream, ErrorsAreTheToolsOwnAndNoHit) {
  ws.write("bad.c", "int f(void) { return }\n");
  const Argv bad = {cc(), "-c", "bad.c"};
  const Result bare = ws.run(bad);
  EXPECT_EQ(bare.exit_code, 1);
  EXPECT_EQ(ws.expect_failure(bad), bare);
  EXPECT_EQ(ws.deja(bad), bare);
  ws.write("bad.c", "int f(void) { return 0; }\n");
  EXPECT_TRUE(ws.expect_miss(bad).ok());
}

EVERY_SETUP(Stream);

// Closed and broken standard streams, with gcc.
class Closed : public ModeTest {
 protected:
  void expect_like_bare(const std::function<void()>& in_child,
                        Argv argv = {"gcc", "-Wall", "-c", "w.c"}) {
    ws.write("w.c", kWarns);
    const Options options = {.in_child = in_child};
    const Tree before = ws.tree();
    const Result bare = ws.run(argv, options);
    const Tree left = ws.tree();
    for (int i = 0; i < 2; ++i) {
      ws.restore(before);
      EXPECT_EQ(ws.deja(argv, options), bare) << ws.last_event();
      EXPECT_EQ(difference(left, ws.tree()), "");
      ws.expect_unchanged(argv);  // stores a result, with all streams open
    }
  }
};

TEST_P(Closed, StandardInput) {
  expect_like_bare([] { ::close(0); });
}
TEST_P(Closed, StandardOutput) {
  expect_like_bare([] { ::close(1); });
}
TEST_P(Closed, StandardError) {
  expect_like_bare([] { ::close(2); });
}
TEST_P(Closed, AllThree) {
  expect_like_bare([] {
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
  });
}

// The printed text is lost: the tool would fail, and so must a hit.
TEST_P(Closed, FullDiskBehindStandardOutputIsAFailure) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "needs /dev/full";
  ws.write("w.c", kWarns);
  const Argv argv = {"gcc", "-E", "w.c"};
  const Options full = {.in_child = [] { ::dup2(::open("/dev/full", O_WRONLY), 1); }};
  EXPECT_NE(ws.run(argv, full).exit_code, 0);
  EXPECT_NE(ws.deja(argv, full).exit_code, 0) << "as a miss";
  ws.expect_unchanged(argv);
  EXPECT_NE(ws.deja(argv, full).exit_code, 0) << "as a hit";
  EXPECT_TRUE(ws.deja(argv).ok());
}

TEST_P(Closed, ReaderThatHasLeftEndsTheTool) {
  ws.write("w.c", kWarns);
  const Argv argv = {"gcc", "-E", "w.c"};
  const Options left = {.in_child = [] {
    int pair[2];
    if (::pipe(pair) != 0) ::_exit(99);
    ::close(pair[0]);
    ::dup2(pair[1], 1);
  }};
  const auto ends_badly = [](const Result& r) { return !r.hung && !r.ok(); };
  EXPECT_TRUE(ends_badly(ws.run(argv, left)));
  EXPECT_TRUE(ends_badly(ws.deja(argv, left))) << "as a miss";
  ws.expect_unchanged(argv);
  EXPECT_TRUE(ends_badly(ws.deja(argv, left))) << "as a hit";
}

TEST_P(Closed, ReaderThatLeavesEarlyEndsALongRun) {
  ws.script("gcc", "#!/bin/sh\nexec yes\n");
  ws.write("w.c", kWarns);
  const Result result =
      ws.run({"sh", "-c", "'" + Workspace::program() + "' gcc -c w.c | head -n 1"});
  EXPECT_FALSE(result.hung);
  EXPECT_EQ(result.out, "y\n");
}

EVERY_MODE(Closed);

class Printing : public ModeTest {
 protected:
  void SetUp() override { ws.write("a.c", ""); }
};

TEST_P(Printing, HugeOutputPassesThrough) {
  constexpr std::size_t kBytes = 100'000'000;
  ws.script("gcc", "#!/bin/sh\nhead -c " + std::to_string(kBytes) + " /dev/zero >&2\n");
  for (int i = 0; i < 2; ++i) {
    const Result result = ws.deja({"gcc", "-c", "a.c"});
    EXPECT_TRUE(result.exit_code == 0 && !result.hung);
    EXPECT_EQ(result.err.size(), kBytes);
  }
}

TEST_P(Printing, SeveralMegabytesAreReplayed) {
  ws.script("gcc", "#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' x\necho end >&2\n");
  const Result bare = ws.run({"gcc", "-c", "a.c"});
  EXPECT_EQ(bare.out.size(), 3'000'000u);
  EXPECT_TRUE(ws.expect_miss({"gcc", "-c", "a.c"}) == bare);
  EXPECT_TRUE(ws.expect_hit({"gcc", "-c", "a.c"}) == bare);
}

TEST_P(Printing, BinaryBytesAreReplayed) {
  ws.script("gcc", "#!/bin/sh\nprintf 'a\\000b\\377\\033[31mred\\r\\n'\nprintf 'no newline' >&2\n");
  const Result bare = ws.run({"gcc", "-c", "a.c"});
  EXPECT_EQ(ws.expect_miss({"gcc", "-c", "a.c"}), bare);
  EXPECT_EQ(ws.expect_hit({"gcc", "-c", "a.c"}), bare);
}

TEST_P(Printing, ProcessLeftBehindDoesNotHoldUpTheClient) {
  ws.script("gcc", "#!/bin/sh\nsleep 20 &\necho \"$!\" >pid\necho done\n");
  const auto before = std::chrono::steady_clock::now();
  const Result result = ws.deja({"gcc", "-c", "a.c"});
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "done\n");
  const std::string pid = ws.read("pid");
  EXPECT_TRUE(ws.run({"kill", pid.substr(0, pid.size() - 1)}).ok())
      << "the process left behind was ended";
}

// The line that `progress` prints on standard error is not part of a result.
TEST_P(Printing, ProgressLines) {
  ws.write("a.c", "int a;\n");
  ws.write("bad.c", "int\n");
  const auto says = [&](const char* level, const Argv& argv) {
    const Result r = ws.deja(argv, {.env = {std::string("DEJA_PROGRESS=") + level}});
    const std::size_t at = r.err.rfind("deja: ");
    return at == std::string::npos ? "" : r.err.substr(at, r.err.find(" (", at) - at);
  };
  const Argv good = {"gcc", "-c", "a.c"};
  EXPECT_EQ(says("hits", good), "");
  EXPECT_EQ(says("hits", good), "deja: a.c: hit");
  EXPECT_EQ(says("all", good), "deja: a.c: hit");
  EXPECT_EQ(says("off", good), "");
  EXPECT_EQ(says("all", {"gcc", "-Da=b", "-c", "a.c"}), "deja: a.c: miss");
  EXPECT_EQ(says("all", {"gcc", "-Da=b", "-O1", "-c", "a.c"}), "deja: a.c: dup");
  EXPECT_EQ(says("hits", {"gcc", "-c", "bad.c"}), "deja: bad.c: failure");
  EXPECT_EQ(says("all", {"gcc", "-c", "bad.o"}), "");
  EXPECT_EQ(ws.deja(good), ws.run(good));
}

EVERY_MODE(Printing);

}  // namespace
}  // namespace deja::test
