// SPDX-License-Identifier: Apache-2.0
// Text that cannot be written: closed readers, full disks, closed streams. A user of deja sees the
// same as without deja: the same messages and the same exit, as a miss and as a hit.
#include <unistd.h>

#include "e2e/setup.h"

namespace deja::test {
namespace {

std::string lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "int v" + std::to_string(i) + ";\n";
  return text;
}

class Unwritten : public ModeTest {
 protected:
  void SetUp() override {
    ModeTest::SetUp();
    ws.write("small.c", "#warning w\nint a;\n");
    ws.write("plain.c", "int a;\n");
    // More than the user's pipe and deja's pipe hold together; and more than the first alone.
    ws.write("big.c", lines(20000));
    ws.write("middle.c", lines(8000));
    ws.write("warns.c", "#warning w\n" + lines(20000));
  }
  static std::string with(const std::string& prefix, std::string script) {
    for (std::size_t at; (at = script.find('@')) != std::string::npos;)
      script.replace(at, 1, prefix);
    return script;
  }
  // `script` is a shell command; @ is put before the tool's name.
  void expect_like_bare(const std::string& script, const std::string& words = "") {
    const std::string prefix = "'" + Workspace::program() + "'" + words;
    const Result bare = ws.run({"sh", "-c", with("", script)});
    EXPECT_FALSE(bare.hung) << script;
    for (const char* round : {"cold", "again", "warm"}) {
      if (round == std::string("warm")) store(script, prefix);
      EXPECT_EQ(ws.run({"sh", "-c", with(prefix, script)}), bare) << round << ": " << script;
    }
  }
  // With writable streams the result is stored.
  void store(const std::string& script, const std::string& prefix) {
    if (is_scripted_) return;
    for (const char* c : {"small", "plain", "big", "middle", "warns"})
      if (script.find(c) != std::string::npos)
        ws.run(
            {"sh", "-c", with(prefix, std::string("@ gcc -E ") + c + ".c; @ gcc -c " + c + ".c")});
  }
  void tool_is(const std::string& script) {
    ws.script("gcc", "#!/bin/sh\n" + script);
    is_scripted_ = true;
  }
  void expect_like_bare_with_exec(const std::string& script) {
    expect_like_bare(script);
    expect_like_bare(script, " exec --env observed --");
  }

 private:
  bool is_scripted_ = false;
};

TEST_P(Unwritten, ReaderThatLeaves) {
  for (const char* c : {"big.c", "warns.c"})
    expect_like_bare_with_exec(std::string("{ @ gcc -E ") + c + "; echo $? >&2; } | head -n 1");
  expect_like_bare_with_exec("{ @ gcc -E big.c 2>&1; echo $? >&2; } | head -n 1");
}

// The tool has written everything when its reader closes: it notices nothing, as without deja.
TEST_P(Unwritten, ReaderThatLeavesWhenTheToolHasEnded) {
  expect_like_bare("{ @ gcc -E middle.c; echo $? >&2; } | head -n 1");
  expect_like_bare("{ @ gcc -E - <middle.c; echo $? >&2; } | head -n 1");
  const std::string tool = "'" + Workspace::program() + "' exec -- head -c 100000 /dev/zero";
  const Result r = ws.run({"sh", "-c", "{ " + tool + "; echo $? >&2; } | head -c 1 | wc -c"});
  EXPECT_EQ(r.out, "1\n");
  EXPECT_EQ(r.err, "141\n");
}

TEST_P(Unwritten, ReaderThatWasNeverThere) {
  expect_like_bare("{ sleep 0.1; @ gcc -E small.c 2>/dev/null; echo $? >&2; } | true");
  expect_like_bare("{ sleep 0.1; @ gcc -c small.c; echo $? >&2; } 2>&1 | true");
  expect_like_bare_with_exec("{ sleep 0.1; @ gcc -c plain.c; echo $? >&2; } | true");
}

TEST_P(Unwritten, ReaderThatLeavesIsNoticedByTheNextWrite) {
  tool_is(
      "trap '' PIPE\necho a\nuntil [ -e gone ]; do sleep 0.01; done\nrm gone\n"
      "echo b 2>/dev/null || exit 7\n");
  expect_like_bare_with_exec(
      "{ @ gcc -c plain.c; echo $? >&2; } | sh -c 'read a; exec 0<&-; sleep 0.1; : >gone'");
}

TEST_P(Unwritten, ReaderThatLeavesUnnoticed) {
  expect_like_bare("trap '' PIPE; { @ gcc -E big.c; echo $? >&2; } | head -n 1");
}

// A part of the tool gets the signal, the tool itself does not.
TEST_P(Unwritten, ReaderThatLeavesAndOnlyAChildMinds) {
  tool_is("yes\nexit 0\n");
  expect_like_bare_with_exec("{ @ gcc -c plain.c; echo $? >&2; } | head -n 1");
  tool_is("echo a\nyes &\nuntil [ -e gone ]; do sleep 0.01; done\nrm gone\nexit 0\n");
  expect_like_bare_with_exec(
      "{ @ gcc -c plain.c; echo $? >&2; } | sh -c 'read a; exec 0<&-; sleep 0.1; : >gone'");
}

TEST_P(Unwritten, FullDevice) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "needs /dev/full";
  for (const char* c : {"small.c", "big.c", "warns.c"}) {
    expect_like_bare_with_exec(std::string("@ gcc -E ") + c + " >/dev/full");
    expect_like_bare_with_exec(std::string("@ gcc -E ") + c + " 2>/dev/full | tail -n 1");
  }
  expect_like_bare_with_exec("@ gcc -c small.c 2>/dev/full");
  expect_like_bare_with_exec("@ gcc -c small.c >/dev/full 2>&1");
  expect_like_bare_with_exec("@ gcc -M big.c >/dev/full");
}

TEST_P(Unwritten, FileThatMayNotGrow) {
  expect_like_bare("ulimit -f 2; @ gcc -E big.c >out; echo $?; wc -c <out");
  expect_like_bare("ulimit -f 2; @ gcc -E small.c >out; echo $?; wc -c <out");
}

TEST_P(Unwritten, DescriptorThatIsOpenForReading) {
  expect_like_bare_with_exec("@ gcc -E small.c 1<plain.c");
  expect_like_bare_with_exec("@ gcc -c small.c 2<plain.c");
}

TEST_P(Unwritten, ClosedStreams) {
  expect_like_bare("@ gcc -E small.c >&-");
  expect_like_bare("@ gcc -E small.c 2>&-");
  expect_like_bare("@ gcc -c small.c >&-");
}

// A SIGPIPE for deja's own write is not the tool's.
TEST_P(Unwritten, OurOwnBrokenPipeIsNotSentToTheTool) {
  tool_is("trap 'echo got it >sign' PIPE\nhead -c 300000 /dev/zero\nexit 5\n");
  expect_like_bare_with_exec("{ @ gcc -c plain.c; echo $? >&2; } | head -c 1 | wc -c");
  EXPECT_FALSE(ws.exists("sign"));
}

EVERY_MODE(Unwritten);

}  // namespace
}  // namespace deja::test
