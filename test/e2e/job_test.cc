// SPDX-License-Identifier: Apache-2.0
// Archivers, assemblers, linkers and checkers, called directly.
#include "e2e/setup.h"

namespace deja::test {
namespace {

class Job : public ModeTest {
 protected:
  void SetUp() override {
    ModeTest::SetUp();
    compile("a", "int a;\n");
    compile("b", "int b;\n");
  }
  void compile(const std::string& name, const std::string& text) {
    ws.write(name + ".c", text);
    ASSERT_TRUE(ws.run({"gcc", "-c", name + ".c"}).ok());
  }
};

TEST_P(Job, NewArchive) {
  ws.expect_same({"ar", "rcs", "lib.a", "a.o", "b.o"});
  ws.expect_same({"ar", "-qc", "lib2.a", "a.o"});
  ws.expect_same({"ar", "rcsT", "thin.a", "a.o", "b.o"});
}

// The archive's content before the run is an input, and so is its absence.
TEST_P(Job, ArchiveThatIsThereCounts) {
  const Argv add_b{"ar", "rcs", "lib.a", "b.o"};
  ws.expect_miss(add_b);
  const std::string only_b = ws.read("lib.a");
  ws.remove("lib.a");
  ASSERT_TRUE(ws.run({"ar", "rcs", "lib.a", "a.o"}).ok());
  const std::string only_a = ws.read("lib.a");
  ws.expect_same(add_b);
  const std::string both = ws.read("lib.a");
  EXPECT_NE(both, only_b);
  ws.expect_same(add_b);  // updates the existing archive
  EXPECT_EQ(ws.read("lib.a"), both);
  ws.write("lib.a", only_a);
  ws.expect_hit(add_b);
  EXPECT_EQ(ws.read("lib.a"), both);
  ws.remove("lib.a");
  ws.expect_hit(add_b);
  EXPECT_EQ(ws.read("lib.a"), only_b);
}

TEST_P(Job, MemberChanges) {
  const Argv all{"ar", "rcs", "lib.a", "a.o", "b.o"};
  ws.expect_miss(all);
  compile("b", "int b2;\n");
  ws.remove("lib.a");
  ws.expect_same(all);
}

TEST_P(Job, OtherOperationsOfAr) {
  ASSERT_TRUE(ws.run({"ar", "rcs", "lib.a", "a.o", "b.o"}).ok());
  ws.expect_same({"ar", "t", "lib.a"});
  ws.expect_same({"ar", "d", "lib.a", "b.o"});
  ws.expect_same({"ar", "x", "lib.a"});
  ws.expect_same({"ranlib", "lib.a"});
  ws.expect_bypass("unsupported_option", {"ar", "rcsU", "lib.a", "a.o"});
}

// A member's file that is older than the archive's copy is not even opened.
TEST_P(Job, ComparesTimesInEverySpelling) {
  ws.write("options", "-r -u");
  ws.write("all", "ru lib.a a.o");
  ASSERT_TRUE(ws.run({"touch", "-d", "2020-01-01", "a.o"}).ok());
  ASSERT_TRUE(ws.run({"ar", "rcsU", "lib.a", "a.o"}).ok());
  const Argv lines[] = {
      {"ar", "-r", "-u", "lib.a", "a.o"}, {"ar", "@options", "lib.a", "a.o"}, {"ar", "@all"}};
  for (const Argv& line : lines) ws.expect_unchanged(line);
  compile("a", "int changed;\n");
  for (const Argv& line : lines) {
    const Trial trial = ws.expect_unchanged(line);
    EXPECT_EQ(ws.last_event().outcome, "bypass") << ws.last_event();
  }
}

// Like an ar that was built to store times.
TEST_P(Job, ArchiveWithTimesIsNotStored) {
  ASSERT_TRUE(ws.run({"ar", "rcsU", "dated.a", "a.o"}).ok());
  ws.script("ar", "#!/bin/sh\ncat dated.a > lib.a\n");
  ws.expect_miss({"ar", "rcs", "lib.a", "a.o"});
  EXPECT_EQ(ws.last_event().not_stored, "times_stored") << ws.last_event();
}

TEST_P(Job, Assembler) {
  ws.write("s.s", ".include \"t.inc\"\n.globl x\nx: .long VALUE\n");
  ws.write("t.inc", ".set VALUE, 1\n");
  const Argv assemble{"as", "-g", "s.s", "-o", "s.o"};
  ws.expect_same(assemble);
  ws.write("t.inc", ".set VALUE, 2\n");
  ws.expect_same(assemble);
  ws.expect_same({"as", "-o", "s.o", "-"}, {.in = "x: .long 1\n"});
  ws.write("options", "--64 -");
  for (const char* text : {"x: .long 2\n", "x: .long 3\n"})
    ws.expect_same({"as", "@options", "-o", "s.o"}, {.in = text});
}

// The value of an unknown option looks like a source.
TEST_P(Job, AssemblerReadsStdinUnexpectedly) {
  const Argv assemble{"as", "--hash-size", "5", "-o", "s.o"};
  for (const char* text : {"", "x: .long 1\n", "x: .long 2\n", "x: .long 1\n"}) {
    const Trial trial = ws.expect_unchanged(assemble, {.in = text});
    EXPECT_TRUE(trial.result.ok()) << trial.result;
    EXPECT_EQ(ws.last_event().not_stored, "stdin_read") << ws.last_event();
  }
}

TEST_P(Job, Linker) {
  const Argv link{"ld", "-r", "-o", "ab.o", "a.o", "b.o"};
  ws.expect_same(link);
  compile("a", "int a3;\n");
  ws.expect_same(link);
  ws.expect_same({"ld", "-shared", "-L", ".", "-o", "lib.so", "a.o", "b.o"});
}

// The option is not spelled out in an argument.
TEST_P(Job, BuildIdThatIsDrawnIsNotStored) {
  ws.write("m.c", "int main(void) { return 0; }\n");
  ws.write("options", "--build-id=uuid");
  std::vector<Argv> links = {{"ld.bfd", "--build-i=uuid", "-shared", "-o", "p", "a.o"}};
  for (const char* kind : {"bfd", "gold"}) {
    const std::string linker = std::string("ld.") + kind;
    if (find_program(linker).empty()) continue;
    links.push_back({"gcc", std::string("-fuse-ld=") + kind, "-Wl,@options", "m.c", "-o", "p"});
    ws.expect_bypass("unsupported_option", {linker, "@options", "-shared", "-o", "p", "a.o"});
  }
  for (const Argv& link : links) {
    ws.expect_miss(link);
    EXPECT_EQ(ws.last_event().not_stored, "random_build_id") << ws.last_event();
  }
  ws.expect_same({"ld.bfd", "--build-id=sha1", "-shared", "-o", "p", "a.o"});
}

TEST_P(Job, FailuresOfArchiversRunAgain) {
  const Argv bad{"ar", "rcs", "lib.a", "absent.o"};
  ws.expect_failure(bad);
  ws.expect_failure(bad);
}

TEST_P(Job, ClangTidy) {
  NEEDS_TOOL("clang-tidy-19");
  ws.write(".clang-tidy", "Checks: '-*,readability-braces-around-statements'\n");
  ws.write("h.h", "inline int h(int x) { return x; }\n");
  ws.write("t.cc", "#include \"h.h\"\nint f(int x) { if (x) return h(x); return 0; }\n");
  const Argv check{"clang-tidy-19", "t.cc", "--", "-std=c++20"};
  const Trial found = ws.expect_same(check);
  EXPECT_NE(found.result.out.find("braces"), std::string::npos) << found.result.out;
  ws.write(".clang-tidy", "Checks: '-*,misc-unused-parameters'\nWarningsAsErrors: '*'\n");
  ws.write("h.h", "inline int h(int x) { return 1; }\n");
  const Argv fails{"clang-tidy-19", "-header-filter=.*", "t.cc", "--"};
  const Result bare = ws.run(fails);
  EXPECT_EQ(bare.exit_code, 1) << bare;
  EXPECT_EQ(ws.expect_failure(fails), bare);
  EXPECT_EQ(ws.expect_hit(fails), bare);
  ws.expect_bypass("unsupported_option", {"clang-tidy-19", "--fix", "t.cc", "--"});
}

INSTANTIATE_TEST_SUITE_P(, Job, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label);

// A wrapper that checks its output before it writes it.
class Script : public ModeTest {};

TEST_P(Script, AsksWhetherItsOutputIsThere) {
  ws.script("gcc", "#!/bin/sh\nif [ -f a.o ]; then echo there; fi\n/usr/bin/gcc \"$@\"\n");
  ws.write("a.c", "int a;\n");
  const Argv compile{"gcc", "-c", "a.c", "-o", "a.o"};
  EXPECT_EQ(ws.expect_miss(compile).out, "");
  EXPECT_EQ(ws.deja(compile), ws.run(compile));
  EXPECT_EQ(ws.deja(compile).out, "there\n");
  ws.remove("a.o");
  EXPECT_EQ(ws.expect_hit(compile).out, "");
}

TEST_P(Script, ListsTheDirectoryOfItsOutput) {
  ws.write("a.c", "int a;\n");
  const Argv compile{"gcc", "-c", "a.c", "-o", "a.o"};
  for (const char* how : {"-o a.o", "-o t.o && mv t.o a.o", "-o t.o && mv -T t.o a.o"}) {
    ws.script("gcc", std::string("#!/bin/sh\nls\n/usr/bin/gcc -c a.c ") + how + "\n");
    for (int i = 0; i < 3; ++i) {
      ws.remove("a.o");
      EXPECT_EQ(ws.deja(compile).out, "a.c\n") << how;
      EXPECT_EQ(ws.deja(compile).out, "a.c\na.o\n") << how;
      EXPECT_EQ(ws.deja(compile).out, "a.c\na.o\n") << how;
    }
    ws.remove("a.o");
  }
}

TEST_P(Script, ListsADirectoryByItsOtherName) {
  ws.write("a.c", "int a;\n");
  ws.make_directory("real");
  ASSERT_TRUE(ws.run({"ln", "-s", "real", "out"}).ok());
  ws.script("gcc", "#!/bin/sh\nls out\n/usr/bin/gcc -c a.c -o real/a.o\n");
  const Argv compile{"gcc", "-c", "a.c", "-o", "real/a.o"};
  for (int i = 0; i < 2; ++i) {
    ws.remove("real/a.o");
    EXPECT_EQ(ws.deja(compile).out, "");
    EXPECT_EQ(ws.deja(compile).out, "a.o\n");
  }
}

TEST_P(Script, AsksWhereItsOutputLeads) {
  ws.write("a.c", "int a;\n");
  const Argv compile{"gcc", "-c", "a.c", "-o", "a.o"};
  const Argv steps[] = {{"rm", "-f", "a.o"}, {"ln", "-sf", "b.o", "a.o"}, {"touch", "b.o"}};
  for (const char* how : {"readlink a.o", "realpath a.o", "readlink -e a.o"}) {
    ws.script("gcc",
              std::string("#!/bin/sh\n") + how + "\n/usr/bin/gcc -c a.c -o t.o && mv t.o a.o\n");
    for (int i = 0; i < 2; ++i) {
      for (const Argv& step : steps) {
        ASSERT_TRUE(ws.run(step).ok());
        ws.expect_unchanged(compile);
      }
    }
    ws.remove("b.o");
  }
}

TEST_P(Script, RemovesItsOutputFirst) {
  ws.script("gcc", "#!/bin/sh\nrm -f a.o\n/usr/bin/gcc \"$@\"\n");
  ws.write("a.c", "int a;\n");
  const Argv compile{"gcc", "-c", "a.c", "-o", "a.o"};
  ws.expect_miss(compile);
  ws.deja(compile);
  ws.expect_hit(compile);
  ws.remove("a.o");
  ws.expect_hit(compile);
}

INSTANTIATE_TEST_SUITE_P(, Script, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label);

}  // namespace
}  // namespace deja::test
