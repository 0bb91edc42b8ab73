// SPDX-License-Identifier: Apache-2.0
// Processes that a tool leaves behind: they continue to write to the tool's streams, and no process
// waits for them that would not wait without deja.
#include "e2e/setup.h"

namespace deja::test {
namespace {

// Writes when the file "go" appears. When it waits in vain, it says so.
constexpr const char* kWaits =
    "n=0; until [ -e go ]; do n=$((n + 1)); [ $n -lt 2000 ] || { : >late; exit; }; sleep 0.01; "
    "done; ";

class LeftBehind : public ModeTest {
 protected:
  void SetUp() override {
    ModeTest::SetUp();
    ws.write("a.c", "int a;\n");
  }
  // The tool starts a process, prints "now" and ends with 3.
  void tool_leaves(const std::string& before, const std::string& after) {
    ws.script("gcc", "#!/bin/sh\n(" + before + "; " + kWaits + after + ") &\necho now\nexit 3\n");
  }
  // `text` is a shell command; @ is the tool, first alone and then through deja.
  void expect_everywhere(const std::string& text, const std::string& out,
                         const std::string& err = "") {
    const std::string deja = "'" + Workspace::program() + "'";
    for (const std::string& tool : {std::string("gcc -c a.c"), deja + " gcc -c a.c",
                                    deja + " exec --env observed -- gcc -c a.c"}) {
      for (const char* name : {"go", "late", "err"}) ws.remove(name);
      std::string script = text;
      script.replace(script.find('@'), 1, tool);
      const Result result = ws.run({"sh", "-c", script});
      EXPECT_EQ(result.out, out) << tool;
      EXPECT_EQ(result.err, err) << tool;
      EXPECT_FALSE(result.hung) << tool;
      EXPECT_FALSE(ws.exists("late")) << tool << ": a process has waited for the one left behind";
    }
  }
};

TEST_P(LeftBehind, LateTextArrivesAndTheEndComesWithTheLastWriter) {
  tool_leaves(":", "echo late; echo later");
  expect_everywhere("{ @; echo $? >&2; : >go; } | cat", "now\nlate\nlater\n", "3\n");
}

TEST_P(LeftBehind, BothStreamsGoTheirOwnWays) {
  tool_leaves(":", "echo late; echo woe >&2");
  expect_everywhere("{ { @; : >go; } 2>&1 >&3 | sed s/^/E:/ >&2; } 3>&1 | cat", "now\nlate\n",
                    "E:woe\n");
}

TEST_P(LeftBehind, OneStreamKeepsItsOrder) {
  tool_leaves(":", "echo a; echo b >&2; echo c");
  expect_everywhere("{ @; : >go; } 2>&1 | cat", "now\na\nb\nc\n");
}

TEST_P(LeftBehind, MuchTextIsLostNowhere) {
  tool_leaves(":", "head -c 3000000 /dev/zero | tr '\\0' x");
  expect_everywhere("{ @; : >go; } | wc -c", "3000004\n");
}

TEST_P(LeftBehind, AFileGetsIt) {
  tool_leaves(":", "echo late; : >wrote");
  const std::string text =
      "@ >out 2>&1; : >go; until [ -e wrote ]; do sleep 0.01; done; rm wrote; ";
  expect_everywhere(text + "until grep -q late out; do sleep 0.01; done; cat out", "now\nlate\n");
}

// A reader of a stream that the remaining process has closed, or never had, sees its end at once.
TEST_P(LeftBehind, NothingElseIsKeptOpen) {
  tool_leaves("exec 0</dev/null 2>&- 9>&-", "echo late");
  expect_everywhere("{ @ 9>&1 2>&1 >out; } | cat; : >go", "");
  tool_leaves("exec 0</dev/null 1>&- 9>&-", "echo late >&2");
  expect_everywhere("{ @ 9>&1 2>err; } | cat; : >go", "now\n");
}

TEST_P(LeftBehind, LearnsThatItsReaderHasLeft) {
  tool_leaves("trap '' PIPE",
              "exec 2>/dev/null; while echo more; do sleep 0.01; done; echo gone >end");
  const std::string wait =
      "n=0; until [ -s end ] || [ $n -gt 2000 ]; do n=$((n+1)); sleep 0.01; done;";
  expect_everywhere("{ @; : >go; } | head -n 1; " + wait + " cat end; rm end", "now\ngone\n");
}

TEST_P(LeftBehind, IsNotStored) {
  tool_leaves(":", ":");
  ws.script("gcc", "#!/bin/sh\nsleep 1 &\n: >a.o\n");
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(ws.deja({"gcc", "-c", "a.c"}).ok());
    EXPECT_EQ(ws.last_event().outcome, "miss");
    EXPECT_EQ(ws.last_event().not_stored, "text_not_captured") << ws.last_event();
  }
}

// Python's multiprocessing has such a helper: it ends when the tool has ended.
TEST_P(LeftBehind, WhoEndsWithTheToolIsNotLeftBehind) {
  ws.script("gcc", "#!/bin/bash\nexec 9> >(cat >&2; echo end >&2)\n: >a.o\n");
  const Argv argv = {"gcc", "-c", "a.c"};
  // On a busy machine it ends later than deja waits, and then the run is not stored.
  EXPECT_TRUE(wait_until([&] {
    EXPECT_TRUE(ws.deja(argv).ok());
    return ws.last_event().not_stored.empty();
  }));
  EXPECT_EQ(ws.expect_hit(argv).err, "end\n");
}

EVERY_MODE(LeftBehind);

}  // namespace
}  // namespace deja::test
