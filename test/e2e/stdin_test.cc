// SPDX-License-Identifier: Apache-2.0
// A source on standard input.
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
  ws.let_engine_set_watches();
  ws.expect_miss(compile, {.in = source + "int c;\n"});
  ws.expect_hit(compile, {.in = source});
}

// In another directory the text may name other files.
TEST_P(Stdin, IsNotSharedBetweenCheckouts) {
  const Argv compile{cc(), "-x", "c", "-c", "-", "-o", "a.o"};
  for (const char* directory : {"one", "two"}) {
    ws.write(std::string(directory) + "/a.h", "#define A 1\n");
    ws.expect_miss(compile, {.cwd = directory, .in = "#include \"a.h\"\nint a = A;\n"});
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

// More than is kept: the tool still gets all of it.
TEST_P(StdinOfAnyKind, TooMuchIsABypassAndNothingIsLost) {
  ws.script("gcc", "#!/bin/sh\nwc -c\n");
  const std::string much((64u << 20) + 12345, 'x');
  EXPECT_EQ(ws.expect_bypass("stdin_source", {"gcc", "-x", "c", "-c", "-"}, {.in = much}).out,
            std::to_string(much.size()) + "\n");
}

// gcc behaves differently for such a file.
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

// A read error is not an empty source.
TEST_P(StdinOfAnyKind, ErrorsAreTheToolsOwn) {
  static constexpr int kWays[] = {O_RDONLY | O_DIRECTORY, O_WRONLY | O_TMPFILE, -1};
  for (const int way : kWays) {
    Options options;
    options.in_child = [way, path = ws.work()] {
      int ends[2];
      if (way < 0 && (::pipe2(ends, O_NONBLOCK) != 0 || ::dup2(ends[0], 0) != 0)) ::_exit(99);
      if (way >= 0 && ::dup2(::open(path.c_str(), way, 0600), 0) != 0) ::_exit(99);
    };
    for (const Argv& command : {Argv{"gcc", "-x", "c", "-c", "-", "-o", "a.o"}, Argv{"as", "-"}}) {
      const Result bare = ws.run(command, options);
      EXPECT_NE(bare.exit_code, 0) << bare;
      EXPECT_EQ(ws.expect_bypass("stdin_source", command, options), bare);
    }
  }
}

// A wrapper that reads standard input without an adapter knowing it: any kind of input, or only its
// end.
TEST_P(StdinOfAnyKind, ReadByAWrapperProvesNothing) {
  ws.write("a.c", "int a = X + 0;\n");
  const Argv compile{"gcc", "-c", "a.c", "-o", "a.o"};
  for (const char* reader :
       {"read x", "x=$(head -n 1)", "x=$(cat)", "x=$(sed q <&0)", "exec 3<&0; x=$(cat <&3)"}) {
    ws.script("gcc", std::string("#!/bin/sh\n") + reader + "\n/usr/bin/gcc -DX=$x \"$@\"\n");
    for (const char* text : {"", "1\n", "2\n"}) {
      ws.expect_unchanged(compile, {.in = text});
      EXPECT_EQ(ws.last_event().not_stored, "stdin_read") << reader << ws.last_event();
      ws.expect_unchanged({"sh", "-c",
                           std::string("printf '") + text + "' | " + ws.with_deja(compile)[0] +
                               " gcc -c a.c -o a.o"});
      EXPECT_EQ(ws.last_event().not_stored, "stdin_read") << reader << ws.last_event();
    }
  }
}

TEST_P(StdinOfAnyKind, NotReadLeavesItToTheNext) {
  ws.write("a.c", "int a;\n");
  ws.write("list", "one\ntwo\nthree\n");
  ws.set("DEJA=" + ws.program());
  const Argv loop{"sh", "-c",
                  "while read -r name; do $DEJA gcc -DNAME=$name -c a.c; echo $name; done < list"};
  EXPECT_EQ(ws.run(loop).out, "one\ntwo\nthree\n");
  EXPECT_EQ(ws.run(loop).out, "one\ntwo\nthree\n");
  EXPECT_EQ(ws.last_event().outcome, "hit") << ws.last_event();
}

// cc1 writes to a pipe that is the standard input of as.
TEST_P(StdinOfAnyKind, PipeBetweenTheToolsIsNone) {
  ws.write("a.c", "int a;\n");
  ws.expect_same({"gcc", "-pipe", "-c", "a.c"}, {.in = "nobody reads it"});
}

TEST_P(StdinOfAnyKind, DisabledLeavesItAlone) {
  ws.set("DEJA_DISABLE=1");
  EXPECT_EQ(ws.deja({"gcc", "-E", "-P", "-"}, {.in = "x\n"}).out, "x\n");
}

INSTANTIATE_TEST_SUITE_P(, StdinOfAnyKind, ::testing::Values(Mode::daemon, Mode::one_shot),
                         mode_label);

}  // namespace
}  // namespace deja::test
