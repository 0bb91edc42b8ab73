// A source that comes by standard input.
#include <fcntl.h>
#include <unistd.h>

#include "e2e/setup.h"

namespace deja::test {
namespace {

class Stdin : public SetupTest {};

TEST_P(Stdin, LeavesWhatTheCompilerLeaves) {
  ws.write("a.h", "#define A 1\n");
  const std::string source = "#include \"a.h\"\nint a = A;\n";
  ws.expect_same({cc(), "-x", "c", "-c", "-", "-o", "a.o"}, {.in = source});
  ws.expect_same({cc(), "-x", "c", "-E", "-"}, {.in = source});
  ws.expect_same({cc(), "-E", "-dM", "-"}, {.in = ""});
  ws.expect_same({cc(), "-x", "c", "-", "-o", "program"}, {.in = "int main(void) { return 0; }\n"});
}

TEST_P(Stdin, EveryChangeIsAMiss) {
  ws.write("a.h", "#define A 1\n");
  const Argv compile{cc(), "-x", "c", "-c", "-", "-o", "a.o"};
  const std::string source = "#include \"a.h\"\nint a = A;\n";
  ws.expect_miss(compile, {.in = source});
  ws.expect_miss(compile, {.in = source + "int b;\n"});
  ws.expect_miss(compile, {.in = "const char* name = __FILE__;\n"});
  ws.expect_miss(compile, {.in = "const char* now = __TIME__;\n"});
  ws.expect_miss(compile, {.in = "const char* now = __TIME__;\n"});
  ws.write("a.h", "#define A 2\n");
  ws.expect_miss(compile, {.in = source});
  ws.expect_hit(compile, {.in = source});
  ws.let_engine_rehearse();
  ws.expect_miss(compile, {.in = source + "int c;\n"});
  ws.expect_hit(compile, {.in = source});
}

// Another folder: what the text names there may be another file.
TEST_P(Stdin, IsNotSharedBetweenCheckouts) {
  const Argv compile{cc(), "-x", "c", "-c", "-", "-o", "a.o"};
  for (const char* folder : {"one", "two"}) {
    ws.write(std::string(folder) + "/a.h", "#define A 1\n");
    ws.expect_miss(compile, {.cwd = folder, .in = "#include \"a.h\"\nint a = A;\n"});
  }
}

TEST_P(Stdin, WithAWarningAndWithAnError) {
  const Argv compile{cc(), "-x", "c", "-Wall", "-c", "-", "-o", "a.o"};
  const Trial warned = ws.expect_same(compile, {.in = "static int a;\n"});
  EXPECT_NE(warned.result.err.find("unused"), std::string::npos);
  const Options bad{.in = "int a\n"};
  const Result bare = ws.run(compile, bad);
  EXPECT_EQ(ws.expect_failure(compile, bad), bare);
  EXPECT_EQ(ws.expect_hit(compile, bad), bare);
}

EVERY_SETUP(Stdin);

class StdinOfAnyKind : public ModeTest {};

// More than is kept: the tool gets all of it all the same.
TEST_P(StdinOfAnyKind, TooMuchIsABypassAndNothingIsLost) {
  ws.script("gcc", "#!/bin/sh\nwc -c\n");
  const std::string much((64u << 20) + 12345, 'x');
  EXPECT_EQ(ws.expect_bypass("stdin_source", {"gcc", "-x", "c", "-c", "-"}, {.in = much}).out,
            std::to_string(much.size()) + "\n");
}

// gcc tells the difference.
TEST_P(StdinOfAnyKind, AFileReadFromItsMiddleIsABypass) {
  ws.write("two", "int one;\nint two;\n");
  const std::string path = ws.path("two");
  Options options;
  options.in_child = [path] {
    const int fd = ::open(path.c_str(), O_RDONLY);
    if (::dup2(fd, 0) != 0 || ::lseek(0, 9, SEEK_SET) != 9) ::_exit(99);
    ::close(fd);
  };
  const Argv compile{"gcc", "-x", "c", "-S", "-", "-o", "-"};
  EXPECT_EQ(ws.expect_bypass("stdin_source", compile, options), ws.run(compile, options));
}

TEST_P(StdinOfAnyKind, DisabledLeavesItAlone) {
  ws.set("DEJA_DISABLE=1");
  EXPECT_EQ(ws.deja({"gcc", "-E", "-P", "-"}, {.in = "x\n"}).out, "x\n");
}

INSTANTIATE_TEST_SUITE_P(, StdinOfAnyKind, ::testing::Values(Mode::daemon, Mode::one_shot),
                         mode_label);

}  // namespace
}  // namespace deja::test
