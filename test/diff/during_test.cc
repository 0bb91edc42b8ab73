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

constexpr int kSays = 7, kHears = 8;  // the wrapper's ends

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

  // One run through deja, with something done before the compiler starts and after it has ended.
  void run_with(const std::function<void()>& before, const std::function<void()>& after) {
    int says[2], hears[2];
    ASSERT_EQ(::pipe2(says, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(hears, O_CLOEXEC), 0);
    Options options;
    options.in_child = [to = says[1], from = hears[0]] {
      ::dup2(to, 107);  // away from the numbers that are in use
      ::dup2(from, 108);
      ::dup2(107, kSays);
      ::dup2(108, kHears);
    };
    Process process = ws.start(Workspace::with_deja(compile.argv), options);
    for (const auto& change : {before, after}) {
      char byte;
      ASSERT_EQ(::read(says[0], &byte, 1), 1);
      while (byte != '\n') ASSERT_EQ(::read(says[0], &byte, 1), 1);
      if (change) change();
      ASSERT_EQ(::write(hears[1], "go\n", 3), 3);
    }
    EXPECT_TRUE(process.wait().ok());
    for (const int fd : {says[0], says[1], hears[0], hears[1]}) ::close(fd);
  }
  // Whatever was stored: the bare compiler decides. The gates are open (nobody holds the other ends).
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
