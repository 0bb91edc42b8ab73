// SPDX-License-Identifier: Apache-2.0
// The world changes while the tool runs: what was made of the old text may not be found under the new,
// nor the other way round. The compiler is a wrapper that stops before and after it compiles, at gates
// made of inherited descriptors (which are no part of an action); the editor is this test.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "diff/tester.h"

namespace deja::test {
namespace {

constexpr int kReportFd = 7, kGateFd = 8;  // the wrapper's descriptors

class During : public ::testing::Test {
 protected:
  void SetUp() override {
    ws.script("gcc",
              "#!/bin/sh\n"
              "gate() { { echo x >&7; read go <&8; } 2>/dev/null; }\n"
              "gate; /usr/bin/gcc \"$@\"; r=$?; gate; exit $r\n");
    ws.write("a.h", "#define V 1\n");
    ws.write("a.c", "#include \"a.h\"\nint v = V;\n");
  }

  // One run through deja, with one action before the compiler starts and one after it has ended.
  void run_with(const std::function<void()>& before, const std::function<void()>& after) {
    int from_wrapper[2], to_wrapper[2];
    ASSERT_EQ(::pipe2(from_wrapper, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(to_wrapper, O_CLOEXEC), 0);
    Options options;
    options.in_child = [to = from_wrapper[1], from = to_wrapper[0]] {
      ::dup2(to, 107);  // no number that is in use
      ::dup2(from, 108);
      ::dup2(107, kReportFd);
      ::dup2(108, kGateFd);
    };
    Process process = ws.start(Workspace::with_deja(compile.argv), options);
    for (const auto& change : {before, after}) {
      char byte;
      ASSERT_EQ(::read(from_wrapper[0], &byte, 1), 1);
      while (byte != '\n') ASSERT_EQ(::read(from_wrapper[0], &byte, 1), 1);
      if (change) change();
      ASSERT_EQ(::write(to_wrapper[1], "go\n", 3), 3);
    }
    EXPECT_TRUE(process.wait().ok());
    for (const int fd : {from_wrapper[0], from_wrapper[1], to_wrapper[0], to_wrapper[1]})
      ::close(fd);
  }
  // Whatever was stored, the bare compiler decides. The gates are open: nothing holds their other
  // ends.
  void expect_right() {
    ws.remove("a.o");
    for (int i = 0; i < 2; ++i) {
      const Verdict verdict = judge(ws, compile);
      EXPECT_EQ(verdict.difference, "") << verdict.event;
    }
  }
  void header(int value) { ws.write("a.h", "#define V " + std::to_string(value) + "\n"); }

  Command compile{{"gcc", "-Ip", "-Iq", "-c", "a.c"}, {}};
  Workspace ws;
};

TEST_F(During, NothingHappens) {
  run_with(nullptr, nullptr);
  ws.remove("a.o");
  const Verdict verdict = judge(ws, compile);
  EXPECT_EQ(verdict.difference, "");
  EXPECT_TRUE(verdict.is_hit()) << verdict.event;
}

TEST_F(During, HeaderEditedAfterItWasRead) {
  run_with(nullptr, [&] { header(2); });
  expect_right();
  header(1);
  expect_right();
}

TEST_F(During, HeaderEditedBeforeItIsReadAndPutBack) {
  run_with([&] { header(2); }, [&] { header(1); });
  expect_right();
  header(2);
  expect_right();
}

TEST_F(During, AnotherHeaderRenamedInAndTheOldOneBack) {
  ws.write("other.h", "#define V 2\n");
  namespace fs = std::filesystem;
  run_with(
      [&] {
        fs::rename(ws.path("a.h"), ws.path("kept.h"));
        fs::rename(ws.path("other.h"), ws.path("a.h"));
      },
      [&] {
        fs::rename(ws.path("a.h"), ws.path("other.h"));
        fs::rename(ws.path("kept.h"), ws.path("a.h"));
      });
  expect_right();
}

TEST_F(During, SymlinkLedElsewhereForAMoment) {
  namespace fs = std::filesystem;
  ws.write("one.h", "#define V 1\n");
  ws.write("two.h", "#define V 2\n");
  const auto lead_to = [&](const char* to) {
    ws.remove("a.h");
    fs::create_symlink(to, ws.path("a.h"));
  };
  lead_to("one.h");
  run_with([&] { lead_to("two.h"); }, [&] { lead_to("one.h"); });
  expect_right();
}

TEST_F(During, HeaderAppearsEarlierOnThePath) {
  ws.write("q/b.h", "#define V 1\n");
  ws.make_directory("p");
  ws.write("a.c", "#include <b.h>\nint v = V;\n");
  run_with(nullptr, [&] { ws.write("p/b.h", "#define V 2\n"); });
  expect_right();
}

TEST_F(During, HeaderIsHiddenForAMoment) {
  ws.write("p/b.h", "#define V 1\n");
  ws.write("q/b.h", "#define V 2\n");
  ws.write("a.c", "#include <b.h>\nint v = V;\n");
  run_with([&] { ws.remove("p/b.h"); }, [&] { ws.write("p/b.h", "#define V 1\n"); });
  expect_right();
}

TEST_F(During, AssemblerIsReplaced) {
  const auto assembler = [&](int mark) {
    ws.script("as",
              "#!/bin/sh\nexec /usr/bin/as --defsym mark=" + std::to_string(mark) + " \"$@\"\n");
  };
  assembler(1);
  run_with([&] { assembler(2); }, [&] { assembler(1); });
  expect_right();
}

}  // namespace
}  // namespace deja::test
