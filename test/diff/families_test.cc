// SPDX-License-Identifier: Apache-2.0
// Families in which a cache can serve stale bytes: a command is warm, one thing in the world changes,
// and the command is run again. Each test names the thing.
#include <sys/stat.h>

#include <filesystem>

#include "diff/family.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

class Families : public Family {
 protected:
  void write_small() {
    ws.write("a.h", "#define V 7\n");
    ws.write("a.c", "#include \"a.h\"\nint f(void) { return V; }\n");
  }
  // Replaces a file by a copy with another inode.
  void replace_by_copy(const std::string& name) {
    const std::string text = ws.read(name);
    ws.remove(name);
    ws.write(name, text);
  }
};

// --- files that were absent ---

TEST_F(Families, NewHeaderEarlierOnThePath) {
  ws.write("q/a.h", "#define V 7\n");
  ws.make_directory("p");
  ws.write("a.c", "#include <a.h>\nint f(void) { return V; }\n");
  after({{"gcc", "-Ip", "-Iq", "-c", "a.c"}, {}}, [&] { ws.write("p/a.h", "#define V 8\n"); });
}

TEST_F(Families, NewDirectoryEarlierOnThePath) {
  ws.write("q/a.h", "#define V 7\n");
  ws.write("a.c", "#include <a.h>\nint f(void) { return V; }\n");
  after({{"gcc", "-Ip", "-Iq", "-c", "a.c"}, {}}, [&] { ws.write("p/a.h", "#define V 8\n"); });
}

TEST_F(Families, HasIncludeFlips) {
  ws.write("a.c", "#if __has_include(\"b.h\")\nint b;\n#endif\nint a;\n");
  after({kCompile, {}}, [&] { ws.write("b.h", ""); });
}

TEST_F(Families, PrecompiledHeaderAppears) {
  write_small();
  ws.write("other.h", "#define V 9\n");
  after({kCompile, {}}, [&] { ws.run({"gcc", "-x", "c-header", "other.h", "-o", "a.h.gch"}); });
}

// clang compares the times of the headers with those in the precompiled header, and refuses.
TEST_F(Families, PrecompiledHeaderOfClangIsOlderThanItsHeader) {
  NEEDS_TOOL("clang");
  ws.write("a.h", "#define V 7\n");
  ws.write("a.c", "int f(void) { return V; }\n");
  ASSERT_TRUE(ws.run({"clang", "-x", "c-header", "a.h", "-o", "all.bin"}).ok());
  after({{"clang", "-include-pch", "all.bin", "-c", "a.c"}, {}},
        [&] { set_time("a.h", 1'000'000); });
}

TEST_F(Families, PrecompiledHeaderOfClangHoldsTimes) {
  NEEDS_TOOL("clang");
  ws.write("a.h", "#define V 7\n");
  const Command make = {{"clang", "-x", "c-header", "a.h", "-o", "all.bin"}, {}};
  EXPECT_TRUE(after(make, nullptr).is_hit());
  after(make, [&] { set_time("a.h", 1'000'000); });
}

// Then only sizes are compared, and a copy of the sources is a hit.
TEST_F(Families, PrecompiledHeaderOfClangWithoutTimes) {
  NEEDS_TOOL("clang");
  ws.write("a.h", "#define V 7\n");
  ws.write("a.c", "int f(void) { return V; }\n");
  const Command make = {
      {"clang", "-x", "c-header", "-Xclang", "-fno-pch-timestamp", "a.h", "-o", "all.bin"}, {}};
  EXPECT_TRUE(after(make, [&] { set_time("a.h", 1'000'000); }).is_hit());
  ASSERT_TRUE(ws.run(make.argv).ok());
  const Command use = {{"clang", "-include-pch", "all.bin", "-c", "a.c"}, {}};
  EXPECT_TRUE(after(use, [&] { set_time("a.h", 2'000'000); }).is_hit());
  EXPECT_FALSE(after(use, [&] { ws.write("a.h", "#define V 77\n"); }).is_hit());
}

// --- links and failures ---

TEST_F(Families, LibraryFoundEarlier) {
  ws.write("f7.c", "int f(void) { return 7; }\n");
  ws.write("f8.c", "int f(void) { return 8; }\n");
  ws.write("main.c", "int f(void);\nint main(void) { return f(); }\n");
  for (const char* directory : {"p", "q"}) ws.make_directory(directory);
  for (const char* n : {"7", "8"}) {
    ASSERT_TRUE(ws.run({"gcc", "-c", std::string("f") + n + ".c"}).ok());
    ASSERT_TRUE(
        ws.run({"ar", "rc", std::string("f") + n + ".a", std::string("f") + n + ".o"}).ok());
  }
  ws.write("q/libf.a", ws.read("f7.a"));
  const Command link = {{"gcc", "main.c", "-Lp", "-Lq", "-lf", "-o", "main"}, {}};
  EXPECT_TRUE(after(link, nullptr).is_hit());
  after(link, [&] { ws.write("p/libf.a", ws.read("f8.a")); });
  after(link, [&] { ws.write("p/libf.a", ws.read("f7.a")); });
  after(link, [&] { ws.remove("p/libf.a"); });
}

TEST_F(Families, LinkerScriptBehindALibraryChanges) {
  ws.write("main.c", "extern int mark;\nint main(void) { return mark; }\n");
  ws.write("a.c", "int mark = 1;\n");
  ws.write("b.c", "int mark = 2;\n");
  ASSERT_TRUE(ws.run({"gcc", "-c", "a.c", "b.c"}).ok());
  ws.write("libm1.so", "INPUT(a.o)\n");
  const Command link = {{"gcc", "main.c", "-L.", "-lm1", "-o", "main"}, {}};
  EXPECT_TRUE(after(link, nullptr).is_hit());
  after(link, [&] { ws.write("libm1.so", "INPUT(b.o)\n"); });
  after(link, [&] { ws.run({"gcc", "-g", "-c", "b.c"}); });
}

TEST_F(Families, FailureThatAHeaderMends) {
  ws.write("a.c", "#include \"no.h\"\nint a;\n");
  EXPECT_TRUE(after({kCompile, {}}, nullptr).is_hit());
  after({kCompile, {}}, [&] { ws.write("no.h", ""); });
}

TEST_F(Families, FailureThatALibraryMends) {
  ws.write("a.c", "int f(void);\nint main(void) { return f(); }\n");
  const Command link = {{"gcc", "a.c", "-L.", "-lno", "-o", "a"}, {}};
  EXPECT_TRUE(after(link, nullptr).is_hit());
  after(link, [&] {
    ws.write("f.c", "int f(void) { return 0; }\n");
    ws.run({"gcc", "-c", "f.c"});
    ws.run({"ar", "rc", "libno.a", "f.o"});
  });
}

TEST_F(Families, FailureOfTheMachineIsTriedAgain) {
  write_small();
  ws.script("as",
            "#!/bin/sh\nif test -e /nonexistent; then :; fi\n"
            "echo 'as: a.o: error: No space left on device' >&2\nexit 1\n");
  after({kCompile, {}}, nullptr);
  EXPECT_EQ(ws.last_event().tool_runs, 1);
}

TEST_F(Families, ToolDirectoryGainsAnAssembler) {
  write_small();
  ws.make_directory("t");
  after({{"gcc", "-Bt", "-c", "a.c"}, {}}, [&] { ws.write("t/as", marking_as(1), 0755); });
}

TEST_F(Families, PathGainsAnAssembler) {
  write_small();
  after({kCompile, {}}, [&] { ws.script("as", marking_as(1)); });
}

TEST_F(Families, AssemblerIncludeFoundEarlier) {
  ws.write("q/b.inc", ".byte 1\n");
  ws.write("a.s", ".include \"b.inc\"\n");
  after({{"gcc", "-Wa,-Iq", "-c", "a.s"}, {}}, [&] { ws.write("b.inc", ".byte 2\n"); });
}

// --- read by an option or by the assembler ---

TEST_F(Families, IncbinChanges) {
  ws.write("blob", "one");
  ws.write("a.c", "__asm__(\".section .rodata\\n.incbin \\\"blob\\\"\\n\");\n");
  after({kCompile, {}}, [&] { ws.write("blob", "two"); });
}

TEST_F(Families, AssemblerIncludeChanges) {
  ws.write("b.inc", ".byte 1\n");
  ws.write("a.s", ".include \"b.inc\"\n");
  after({{"gcc", "-c", "a.s"}, {}}, [&] { ws.write("b.inc", ".byte 2\n"); });
}

TEST_F(Families, SpecsFileChanges) {
  ws.write("s", "*cc1_options:\n+ -DQ=1\n\n");
  ws.write("a.c", "int q = Q;\n");
  after({{"gcc", "-specs=s", "-c", "a.c"}, {}},
        [&] { ws.write("s", "*cc1_options:\n+ -DQ=2\n\n"); });
}

TEST_F(Families, ResponseFileInResponseFileChanges) {
  ws.write("x.rsp", "@y.rsp");
  ws.write("y.rsp", "-DQ=1");
  ws.write("a.c", "int q = Q;\n");
  after({{"gcc", "@x.rsp", "-c", "a.c"}, {}}, [&] { ws.write("y.rsp", "-DQ=2"); });
}

TEST_F(Families, SanitizerListChanges) {
  NEEDS_TOOL("clang-19");
  ws.write("list", "fun:nothing\n");
  ws.write("a.c", "int f(int *p) { return *p; }\n");
  after({{"clang-19", "-fsanitize=address", "-fsanitize-blacklist=list", "-c", "a.c"}, {}},
        [&] { ws.write("list", "fun:f\n"); });
}

TEST_F(Families, ProfileAppears) {
  ws.write("a.c", "int f(int x) { return x > 3 ? x * 2 : 1; }\n");
  after({{"gcc", "-O2", "-fprofile-use=p.gcda", "-c", "a.c"}, {}},
        [&] { ws.write("p.gcda", "no profile"); });
}

// --- text that is not code ---

TEST_F(Families, OnlyAColumnChangesUnderAWarning) {
  ws.write("a.c", "int f(void) { int u; return 0; }\n");
  after({{"gcc", "-Wall", "-c", "a.c"}, {}},
        [&] { ws.write("a.c", "int f(void) {   int u; return 0; }\n"); });
}

TEST_F(Families, OnlyACommentChangesUnderCoverage) {
  ws.write("a.c", "int f(int a) {\nreturn a; }\n");
  after({{"gcc", "--coverage", "-frandom-seed=1", "-c", "a.c"}, {}},
        [&] { ws.write("a.c", "/* x */ int f(int a) {\nreturn a; }\n"); });
}

// --- the tool behind the tool ---

TEST_F(Families, TimestampOfTheSource) {
  for (const char* cc : {"gcc", "clang-19"}) {
    if (find_program(cc).empty()) continue;
    ws.write("a.c", "const char *t = __TIMESTAMP__;\n");
    after({{cc, "-c", "a.c"}, {}}, [&] { set_time("a.c", 1'000'000'000); });
  }
}

TEST_F(Families, AssemblerReplaced) {
  write_small();
  ws.script("as", marking_as(1));
  after({kCompile, {}}, [&] { ws.script("as", marking_as(2)); });
}

TEST_F(Families, AssemblerLosesItsPermission) {
  write_small();
  ws.script("as", marking_as(1));
  after({kCompile, {}}, [&] { ::chmod((ws.bin() + "/as").c_str(), 0644); });
}

TEST_F(Families, AssemblerOnThePathGainsItsPermission) {
  write_small();
  ws.write(ws.bin() + "/as", marking_as(1), 0644);
  after({kCompile, {}}, [&] { ::chmod((ws.bin() + "/as").c_str(), 0755); });
}

TEST_F(Families, AssemblerGainsItsPermission) {
  write_small();
  ws.write("t/as", marking_as(1), 0644);
  after({{"gcc", "-Bt", "-c", "a.c"}, {}}, [&] { ::chmod(ws.path("t/as").c_str(), 0755); });
}

TEST_F(Families, WrapperAsksForASize) {
  write_small();
  ws.write("flag", "");
  ws.script("gcc", "#!/bin/sh\nd=1; [ -s flag ] && d=2\nexec /usr/bin/gcc -DV=$d \"$@\"\n");
  ws.write("a.c", "int v = V;\n");
  after({kCompile, {}}, [&] { ws.write("flag", "x"); });
}

TEST_F(Families, WrapperComparesTimes) {
  ws.write("flag", "");
  ws.write("other", "");
  set_time("other", 1'000'000'000);
  ws.script("gcc", "#!/bin/sh\nd=1; [ flag -nt other ] && d=2\nexec /usr/bin/gcc -DV=$d \"$@\"\n");
  ws.write("a.c", "int v = V;\n");
  after({kCompile, {}}, [&] { set_time("flag", 1); });
}

// What a wrapper's helpers ask the system cannot be checked again without running them.
TEST_F(Families, WrapperAsksForTheTime) {
  ws.script("gcc", "#!/bin/sh\nexec /usr/bin/gcc -DV=$(date +%N) \"$@\"\n");
  ws.write("a.c", "double v = V;\n");
  const Command command{kCompile, {}};
  warm_up(ws, command);
  EXPECT_FALSE(judge(ws, command).is_hit());
}

TEST_F(Families, WrapperAsksForTheHost) {
  ws.script("gcc", "#!/bin/sh\nexec /usr/bin/gcc -DV=\\\"$(uname -n)\\\" \"$@\"\n");
  ws.write("a.c", "char v[] = V;\n");
  const Command command{kCompile, {}};
  warm_up(ws, command);
  EXPECT_FALSE(judge(ws, command).is_hit());
}

// --- the environment ---

TEST_F(Families, CompilerPathChanges) {
  write_small();
  ws.write("t/as", marking_as(1), 0755);
  Command then{kCompile, {}};
  then.options.env = {"COMPILER_PATH=t"};
  after({kCompile, {}}, nullptr, &then);
}

TEST_F(Families, LocaleChanges) {
  ws.write("a.c", "int f(void) { int u; return 0; }\n");
  Command then{{"gcc", "-Wall", "-c", "a.c"}, {}};
  then.options.env = {"LANG=C", "LC_ALL=C"};
  after({{"gcc", "-Wall", "-c", "a.c"}, {}}, nullptr, &then);
}

// clang names a source that it preprocessed by the directory of its temporary file.
TEST_F(Families, DirectoryForTemporaryFiles) {
  NEEDS_TOOL("clang-19");
  ws.write("a.S", ".byte 1\n");
  ws.make_directory("elsewhere");
  const Command command{{"clang-19", "-g", "-c", "a.S"}, {}};
  Command then = command;
  then.options.env = {"TMPDIR=" + ws.path("elsewhere")};
  after(command, nullptr, &then);
}

// Below the working directory it writes "elsewhere/a.S", where no search finds the variable's value.
TEST_F(Families, DirectoryForTemporaryFilesThatIsNamedRelatively) {
  NEEDS_TOOL("clang-19");
  ws.write("a.S", ".byte 1\n");
  ws.make_directory("elsewhere");
  const Command plain{{"clang-19", "-g", "-c", "a.S"}, {}};
  for (const std::string& value : {ws.path("elsewhere"), std::string("elsewhere"), std::string("."),
                                   std::string("/proc/self/cwd/elsewhere")}) {
    ws.deja({"purge", "--yes"});
    Command moved = plain;
    moved.options.env = {"TMPDIR=" + value};
    after(moved, nullptr, &plain);
    after(plain, nullptr, &moved);
  }
}

// The engine has a /proc/self of its own, and works in /, which has a tmp.
TEST_F(Families, DirectoryForTemporaryFilesInProc) {
  NEEDS_TOOL("clang-19");
  ws.write("a.c", "int main(void) { return 0; }\n");
  ws.make_directory("tmp");
  const Command plain{{"clang-19", "a.c"}, {}};  // needs a temporary object
  Command moved = plain;
  moved.options.env = {"TMPDIR=/proc/self/cwd/tmp"};
  after(plain, nullptr, &moved);
  after(moved, [&] { ws.remove("tmp"); });
}

// What comes through a FIFO comes once.
TEST_F(Families, AHeaderThatIsAFifo) {
  ws.write("a.c", "#include \"f.h\"\nint a = A;\n");
  ASSERT_EQ(::mkfifo(ws.path("f.h").c_str(), 0600), 0);
  for (const char* value : {"1", "2"}) {
    const Process writer =
        ws.start({"sh", "-c", std::string("echo \"#define A ") + value + "\" > f.h"});
    EXPECT_TRUE(ws.deja({"gcc", "-c", "a.c"}).ok());
    EXPECT_EQ(ws.last_event().outcome, "miss");
    EXPECT_EQ(ws.last_event().not_stored, "connected");
  }
}

TEST_F(Families, LogicalDirectoryRetargeted) {
  ws.write("d/a.c", "int a;\n");
  ws.make_directory("e");
  fs::create_directory_symlink("d", ws.path("link"));
  Command command{{"gcc", "-g", "-c", "a.c"}, {}};
  command.options.cwd = "d";
  command.options.env = {"PWD=" + ws.path("link")};
  after(command, [&] {
    fs::remove(ws.path("link"));
    fs::create_directory_symlink("e", ws.path("link"));
  });
}

// --- names of one file or directory ---

TEST_F(Families, DirectoryThatWasAnotherNameOfOne) {
  for (const char* cc : {"gcc", "clang-19"}) {
    if (find_program(cc).empty()) continue;
    const std::string next = "#if __has_include_next(<x.h>)\n#include_next <x.h>\n#endif\n";
    ws.write("a/x.h", "#ifndef ONE\n#define ONE\nint one;\n" + next +
                          "#elif !defined TWO\n#define TWO\nint two;\n#endif\n");
    ws.write("a.c", "#include <x.h>\n");
    ws.remove("b");
    fs::create_directory_symlink("a", ws.path("b"));
    after({{cc, "-Ia", "-Ib", "-c", "a.c"}, {}}, [&] {
      ws.remove("b");
      fs::copy(ws.path("a"), ws.path("b"));
    });
  }
}

TEST_F(Families, DirectoryBecomesAnotherNameOfOne) {
  for (const char* cc : {"gcc", "clang-19"}) {
    if (find_program(cc).empty()) continue;
    ws.write("a/x.h", "static inline int x(int p) { int unused; return p; }\n");
    ws.write("a.c", "#include <x.h>\nint g(int u) { return x(u); }\n");
    ws.remove("b");
    ws.make_directory("b");
    after({{cc, "-Wall", "-Ia", "-isystem", "b", "-c", "a.c"}, {}}, [&] {
      ws.remove("b");
      fs::create_directory_symlink("a", ws.path("b"));
    });
  }
}

TEST_F(Families, PragmaOnceAndAHardLink) {
  NEEDS_TOOL("clang-19");
  ws.write("x/h.h", "#pragma once\nextern int a;\n");
  ws.make_directory("y");
  fs::create_hard_link(ws.path("x/h.h"), ws.path("y/h.h"));
  ws.write("a.c", "#include \"x/h.h\"\n#include \"y/h.h\"\n");
  after({{"clang-19", "-E", "a.c"}, {}}, [&] { replace_by_copy("y/h.h"); });
}

TEST_F(Families, PragmaOnceAndTheTimeOfACopy) {
  ws.write("x/h.h", "#pragma once\nextern int a;\n");
  ws.write("y/h.h", "#pragma once\nextern int a;\n");
  set_time("x/h.h", 1'000'000'000);
  set_time("y/h.h", 1'000'000'000);
  ws.write("a.c", "#include \"x/h.h\"\n#include \"y/h.h\"\n");
  after({{"gcc", "-E", "a.c"}, {}}, [&] { set_time("y/h.h", 1'100'000'000); });
}

// For each pair of equal files, it counts whether they have the same time.
TEST_F(Families, PragmaOnceAndTheTimesOfManyCopies) {
  for (const int copies : {3, 15}) {
    std::string text;
    for (int i = 0; i < copies; ++i) {
      const std::string name = "d" + std::to_string(i) + "/h.h";
      ws.write(name, "#pragma once\nextern int a;\n");
      set_time(name, 1'000'000'000 + 1000 * std::max(0, copies - 1 - i));
      text += "#include \"" + name + "\"\n";
    }
    ws.write("a.c", text);
    // To gcc the last two are one file until one of them is older; the first is a different file.
    const std::string last = "d" + std::to_string(copies - 1) + "/h.h";
    const std::string before = "d" + std::to_string(copies - 2) + "/h.h";
    set_time(before, 1'000'000'000);
    after({{"gcc", "-E", "a.c"}, {}}, [&] { set_time(last, 900'000'000); });
  }
}

TEST_F(Families, PragmaOnceAndHardLinksOfManyCopies) {
  NEEDS_TOOL("clang-19");
  for (const int copies : {3, 15}) {
    std::string text;
    for (int i = 0; i < copies; ++i) {
      const std::string name = "d" + std::to_string(i) + "/h.h";
      ws.write(name, "#pragma once\nextern int a;\n");
      set_time(name, 1'000'000'000);
      text += "#include \"" + name + "\"\n";
    }
    ws.write("a.c", text);
    const std::string last = ws.path("d" + std::to_string(copies - 1) + "/h.h");
    const std::string before = ws.path("d" + std::to_string(copies - 2) + "/h.h");
    after({{"clang-19", "-E", "a.c"}, {}}, [&] {
      fs::remove(last);
      fs::create_hard_link(before, last);
    });
  }
}

// --- side outputs ---

TEST_F(Families, SideOutputsComeBack) {
  ws.write("a.c",
           "int f(int *x) { int s = 0; for (int i = 0; i < 64; i++) s += x[i]; return s; }\n");
  const Verdict verdict =
      after({{"gcc", "-O3", "-g", "-gsplit-dwarf", "-fstack-usage", "-fopt-info-all=o.txt",
              "-aux-info", "x.X", "-fdump-tree-optimized", "-save-temps", "-MD", "-c", "a.c"},
             {}},
            nullptr);
  EXPECT_TRUE(verdict.is_hit()) << verdict.event;
}

TEST_F(Families, OptimizationRecordOfClangComesBack) {
  NEEDS_TOOL("clang-19");
  ws.write("a.c",
           "int f(int *x) { int s = 0; for (int i = 0; i < 64; i++) s += x[i]; return s; }\n");
  const Verdict verdict =
      after({{"clang-19", "-O3", "-fsave-optimization-record", "-fstack-usage", "-c", "a.c"}, {}},
            nullptr);
  EXPECT_TRUE(verdict.is_hit()) << verdict.event;
}

TEST_F(Families, SideOutputThatIsContinued) {
  ws.write("a.c",
           "int f(int *x) { int s = 0; for (int i = 0; i < 64; i++) s += x[i]; return s; }\n");
  const Command command{{"gcc", "-O3", "-fopt-info-all=o.txt", "-c", "a.c"}, {}};
  // gcc appends: after the second run the file holds both.
  after(command, [&] { ws.run(command.argv); });
}

// --- what must hit ---

TEST_F(Families, BranchFlipFindsItsOldTrace) {
  write_small();
  const Command command{kCompile, {}};
  warm_up(ws, command);
  const std::string old = ws.read("a.h");
  ws.write("a.h", "#define V 8\n");
  warm_up(ws, command);
  ws.write("a.h", old);
  const Verdict verdict = judge(ws, command);
  EXPECT_EQ(verdict.difference, "");
  EXPECT_TRUE(verdict.is_hit()) << verdict.event;
}

}  // namespace
}  // namespace deja::test
