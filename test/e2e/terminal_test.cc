// SPDX-License-Identifier: Apache-2.0
// One build from two terminals: variables that differ between shells, IDEs, virtual environments
// and CI, and that only name places to search. What is found there counts, not the variable's text.
#include <filesystem>

#include "e2e/setup.h"

namespace deja::test {
namespace {

class Terminal : public SetupTest {
 protected:
  // clang has its own assembler by default.
  Argv with_assembler() const {
    return is_gcc() ? Argv{cc(), "-c", "a.c"} : Argv{cc(), "-fno-integrated-as", "-c", "a.c"};
  }
  // PATH with a directory before all others; normally the workspace's own is first.
  static std::string path_behind(const std::string& front, const Workspace& ws) {
    return "PATH=" + front + ":" + ws.bin() + ":/usr/local/bin:/usr/bin:/bin";
  }
};

TEST_P(Terminal, AnEmptyDirectoryInFrontOfPathChangesNothing) {
  ws.write("a.c", "int a;\n");
  ws.make_directory("empty");
  ws.expect_miss({cc(), "-c", "a.c"}, {.env = {path_behind("/usr/sbin", ws)}});
  ws.expect_hit({cc(), "-c", "a.c"}, {.env = {path_behind(ws.path("empty"), ws)}});
  ws.expect_hit({cc(), "-c", "a.c"}, {.env = {path_behind("/nowhere:", ws)}});
}

TEST_P(Terminal, LinksDoNotDependOnTheTextOfPath) {
  ws.write("a.c", "int main(void) { return 0; }\n");
  ws.make_directory("empty");
  ws.expect_miss({cc(), "a.c"});
  ws.expect_hit({cc(), "a.c"}, {.env = {path_behind(ws.path("empty"), ws)}});
}

// The search finds another program now, in a directory that existed before.
TEST_P(Terminal, AnAssemblerThatIsFoundEarlierCounts) {
  ws.write("a.c", "int a;\n");
  ws.make_directory("front");
  const Options options = {.env = {path_behind(ws.path("front"), ws)}};
  ws.expect_miss(with_assembler(), options);
  ws.expect_hit(with_assembler(), options);
  ws.write("front/as", "#!/bin/sh\nexec /usr/bin/as --defsym mark=7 \"$@\"\n", 0755);
  ws.expect_same(with_assembler(), options);
  // A file that may not be executed is skipped.
  std::filesystem::permissions(ws.path("front/as"), std::filesystem::perms::owner_read);
  ws.expect_unchanged(with_assembler(), options);
  ws.remove("front/as");
  ws.make_directory("front/as");
  ws.expect_unchanged(with_assembler(), options);
}

// The same from a warm engine, which reads nothing that it watches.
TEST_P(Terminal, AWatchedSearchNoticesANewProgram) {
  ws.write("a.c", "int a;\n");
  const Options options = {.env = {path_behind(ws.path("late"), ws)}};
  ws.expect_miss(with_assembler(), options);
  ws.let_engine_set_watches();
  ws.expect_hit(with_assembler(), options);
  ws.write("late/as", "#!/bin/sh\nexec /usr/bin/as --defsym mark=7 \"$@\"\n", 0755);
  ws.expect_miss(with_assembler(), options);
}

TEST_P(Terminal, DirectoriesThatAreNotThereChangeNothing) {
  ws.write("a.c", "#include <h.h>\nint main(void) { return H; }\n");
  for (const char* name : {"inc", "libs"}) ws.make_directory(name);
  ws.write("inc/h.h", "#define H 0\n");
  const auto with = [&](const std::string& front) {
    const std::string include = front + ws.path("inc");
    const std::string libraries = front + ws.path("libs");
    return Options{
        .env = {"CPATH=" + include, "LIBRARY_PATH=" + libraries, "LD_LIBRARY_PATH=" + libraries}};
  };
  for (const Argv& argv : {Argv{cc(), "-c", "a.c"}, Argv{cc(), "a.c", "-o", "a"}}) {
    ws.expect_miss(argv, with(""));
    ws.expect_hit(argv, with("/nowhere:" + ws.path("nowhere") + ":"));
  }
}

// "../lib" of an empty directory is another directory: gcc looks there by itself, and sources may
// name it.
TEST_P(Terminal, AnEmptyDirectoryLeadsToItsNeighbours) {
  for (const char* name : {"one/empty", "one/lib", "one/inc", "two/inc", "two/empty"})
    ws.make_directory(name);
  ws.write("a.c", "#include <../inc/h.h>\nint w(void);\nint main(void) { return H + w(); }\n");
  ws.write("one/inc/h.h", "#define H 1\n");
  ws.write("two/inc/h.h", "#define H 0\n");
  ws.write("w.c", "int w(void) { return W; }\n");
  for (const auto& [value, to] : {std::pair("-DW=2", "one/lib/libw.a"), {"-DW=0", "two/libw.a"}}) {
    ws.run({cc(), "-c", value, "w.c", "-o", "w.o"});
    ws.run({"ar", "rcs", to, "w.o"});
  }
  const auto with = [&](const std::string& front) {
    return Options{
        .env = {"CPATH=" + front + ws.path("two/inc"), "LIBRARY_PATH=" + front + ws.path("two")}};
  };
  for (const Argv& argv : {Argv{cc(), "-c", "a.c"}, Argv{cc(), "a.c", "-lw", "-o", "a"}}) {
    ws.expect_miss(argv, with(""));
    ws.expect_same(argv, with(ws.path("one/empty") + ":"));
  }
}

// The loader also splits its list at semicolons, and replaces "$LIB" and similar names (ld.so(8)).
TEST_P(Terminal, TheLoadersOwnWaysOfNamingDirectories) {
  ws.write("w.c", "int w(void) { return W; }\n");
  ws.write("a.c", "int w(void);\nint main(void) { return w(); }\n");
  for (const char* name : {"one", "two", "two/lib", "sub", "sub/rel"}) ws.make_directory(name);
  for (const auto& [value, to] :
       {std::pair("-DW=1", "one"), {"-DW=2", "two/lib"}, {"-DW=3", "sub/rel"}})
    ASSERT_TRUE(
        ws.run({cc(), "-shared", "-fPIC", value, "w.c", "-o", std::string(to) + "/libw.so"}).ok());
  ws.make_directory("two/lib/x86_64-linux-gnu");
  ws.run({"cp", "two/lib/libw.so", "two/lib/x86_64-linux-gnu/libw.so"});
  ASSERT_TRUE(ws.run({cc(), "a.c", "-Lone", "-lw", "-Wl,-rpath," + ws.path("one"),
                      "-Wl,--enable-new-dtags", "-o", "prog"})
                  .ok());
  ws.let_settle("prog");
  const auto run = [&](const std::string& list, const std::string& cwd) {
    Options options;
    options.env = {"LD_LIBRARY_PATH" + (list.empty() ? "" : "=" + list)};
    const Argv tool = {"sh", "-c", "cd " + cwd + " && '" + ws.path("prog") + "'"};
    Argv argv = {"exec", "--env", "observed", "--"};
    argv.insert(argv.end(), tool.begin(), tool.end());
    EXPECT_EQ(ws.deja(argv, options).exit_code, ws.run(tool, options).exit_code) << list;
  };
  for (const std::string& cwd : {std::string("."), std::string("sub")}) {
    for (const std::string& list : {std::string(), "/nowhere;" + ws.path("two/lib"),
                                    ws.path("two") + "/$LIB", std::string("rel")}) {
      run(list, "'" + ws.path(cwd) + "'");
    }
  }
}

// A directory that is not empty may hold the file, and other directories may have been skipped.
TEST_P(Terminal, DirectoriesThatHoldSomethingCount) {
  ws.write("a.c", "#include <h.h>\nint main(void) { return H; }\n");
  for (const char* name : {"inc", "other"}) ws.make_directory(name);
  ws.write("inc/h.h", "#define H 0\n");
  ws.write("other/unused.h", "");
  const Options plain = {.env = {"CPATH=" + ws.path("inc")}};
  const Options front = {.env = {"CPATH=" + ws.path("other") + ":" + ws.path("inc")}};
  const Argv argv = {cc(), "-c", "a.c"};
  ws.expect_miss(argv, plain);
  ws.expect_miss(argv, front);
  ws.expect_hit(argv, plain);
  ws.write("other/h.h", "#define H 1\n");
  ws.expect_same(argv, front);
  ws.expect_unchanged(argv);  // there is no such header
}

TEST_P(Terminal, AWatchedListNoticesANewHeader) {
  ws.write("a.c", "#include <h.h>\nint h = H;\n");
  ws.make_directory("inc");
  ws.write("inc/h.h", "#define H 0\n");
  const Argv argv = {cc(), "-c", "a.c"};
  ws.expect_miss(argv, {.env = {"CPATH=" + ws.path("inc")}});
  const Options options = {.env = {"CPATH=" + ws.path("late") + ":" + ws.path("inc")}};
  ws.expect_hit(argv, options);
  ws.let_engine_set_watches();
  ws.expect_hit(argv, options);
  ws.write("late/h.h", "#define H 1\n");
  ws.expect_miss(argv, options);
}

TEST_P(Terminal, WhereTemporaryFilesLieChangesNothing) {
  ws.write("a.c", "int main(void) { return 0; }\n");
  ws.make_directory("t1");
  ws.expect_miss({cc(), "a.c", "-o", "a"}, {.env = {"TMPDIR=" + ws.path("t1")}});
  ws.remove("t1");
  ws.make_directory("t2");
  ws.expect_hit({cc(), "a.c", "-o", "a"}, {.env = {"TMPDIR=" + ws.path("t2")}});
}

// clang fails without its directory, gcc takes another one.
TEST_P(Terminal, ThatTemporaryFilesCanBeMadeCounts) {
  ws.write("a.c", "int main(void) { return 0; }\n");
  ws.make_directory("t");
  const Argv link = {cc(), "a.c", "-o", "a"};
  const Options there{.env = {"TMPDIR=" + ws.path("t")}};
  ws.expect_miss(link, there);
  ws.expect_hit(link, there);
  ws.expect_unchanged(link, {.env = {"TMPDIR=/nowhere"}});
  ws.let_engine_set_watches();
  ws.expect_hit(link, there);
  ws.remove("t");
  ws.expect_unchanged(link, there);
  ws.make_directory("t");
  ws.expect_hit(link, there);
}

// clang prints the name of the temporary file in messages about assembly.
TEST_P(Terminal, TemporaryNamesInOutputsCount) {
  ws.write("a.c", "void f(void) { __asm__(\"nop\"); }\n");
  ws.make_directory("t1");
  const Argv argv = {cc(), "-g", "-save-temps=cwd", "-fno-integrated-as", "-c", "a.c"};
  ws.expect_unchanged(argv, {.env = {"TMPDIR=" + ws.path("t1")}});
  ws.expect_unchanged(argv, {.env = {"TMPDIR=/var/tmp"}});
}

TEST_P(Terminal, MasqueradeAndWrapperShareResults) {
  ws.write("a.c", "int a;\n");
  ws.make_directory("links");
  std::filesystem::create_symlink(Workspace::program(), ws.path("links/" + cc()));
  const Options masquerade = {.env = {path_behind(ws.path("links"), ws)}};
  ASSERT_TRUE(ws.run({ws.path("links/" + cc()), "-c", "a.c"}, masquerade).ok());
  EXPECT_EQ(ws.last_event().outcome, "miss");
  ws.expect_hit({cc(), "-c", "a.c"});
  ws.expect_hit({cc(), "-c", "a.c"}, masquerade);
}

// --- PWD ---

TEST_P(Terminal, AStalePwdIsAsGoodAsNone) {
  ws.write("src/a.c", "int a;\n");
  const Argv argv = {cc(), "-g", "-c", "a.c"};
  ws.expect_miss(argv, {.env = {"PWD=" + ws.path("src")}, .cwd = "src"});
  ws.expect_hit(argv, {.env = {"PWD=" + ws.path(".")}, .cwd = "src"});  // like make -C src
  ws.expect_hit(argv, {.env = {"PWD"}, .cwd = "src"});
  ws.expect_hit(argv, {.env = {"PWD=/nowhere"}, .cwd = "src"});
  ws.expect_hit(argv, {.env = {"PWD=src"}, .cwd = "src"});
}

TEST_P(Terminal, ALogicalDirectoryThatIsInNoOutput) {
  ws.write("real/a.c", "int a;\n");
  std::filesystem::create_directory_symlink("real", ws.path("link"));
  const Argv argv = {cc(), "-c", "a.c"};
  ws.expect_miss(argv, {.env = {"PWD=" + ws.path("real")}, .cwd = "real"});
  ws.expect_hit(argv, {.env = {"PWD=" + ws.path("link")}, .cwd = "real"});
  ws.remove("real/a.o");
  ws.expect_hit(argv, {.env = {"PWD=/"}, .cwd = "real"});
  const Argv other = {cc(), "-O1", "-c", "a.c"};
  ws.expect_miss(other, {.env = {"PWD=" + ws.path("link")}, .cwd = "real"});
  ws.expect_hit(other, {.env = {"PWD=" + ws.path("real")}, .cwd = "real"});
}

// The front ends of other languages share the code that reads PWD. With -g the directory is in the output.
TEST_P(Terminal, ALogicalDirectoryForOtherLanguages) {
  if (!is_gcc()) return;  // they have gcc's drivers, whatever the C compiler is
  struct Language {
    const char* compiler;
    const char* source;
    const char* text;
  };
  for (const Language& l : {Language{"gfortran", "a.f90", "subroutine a\nend subroutine\n"},
                            Language{"gnatgcc", "a.adb", "procedure A is begin null; end A;\n"}}) {
    if (find_program(l.compiler).empty()) continue;
    SCOPED_TRACE(l.compiler);
    ws.write(std::string("real/") + l.source, l.text);
    if (!ws.exists("link")) std::filesystem::create_directory_symlink("real", ws.path("link"));
    const Argv argv = {l.compiler, "-c", l.source, "-o", "a.o"};
    ws.expect_miss(argv, {.env = {"PWD=" + ws.path("real")}, .cwd = "real"});
    ws.expect_hit(argv, {.env = {"PWD=" + ws.path("link")}, .cwd = "real"});
    const Argv debug = {l.compiler, "-g", "-c", l.source, "-o", "a.o"};
    ws.expect_same(debug, {.env = {"PWD=" + ws.path("real")}, .cwd = "real"});
    ws.expect_same(debug, {.env = {"PWD=" + ws.path("link")}, .cwd = "real"});
  }
}

TEST_P(Terminal, ALogicalDirectoryIsInDebugInformation) {
  ws.write("real/a.c", "int a;\n");
  std::filesystem::create_directory_symlink("real", ws.path("link"));
  const Argv argv = {cc(), "-g", "-c", "a.c"};
  ws.expect_same(argv, {.env = {"PWD=" + ws.path("real")}, .cwd = "real"});
  ws.expect_same(argv, {.env = {"PWD=" + ws.path("link")}, .cwd = "real"});
  ws.expect_same(argv, {.env = {"PWD=" + ws.path("real/../link")}, .cwd = "real"});
  ws.expect_same(argv, {.env = {"PWD=" + ws.path("link/.")}, .cwd = "real"});
  ws.expect_hit(argv, {.env = {"PWD=" + ws.path("real")}, .cwd = "real"});
}

// A name of the working directory stops being one, while an engine remembers its meaning.
TEST_P(Terminal, ALogicalDirectoryThatLeadsElsewhereNow) {
  ws.write("real/a.c", "int a;\n");
  ws.make_directory("other");
  std::filesystem::create_directory_symlink("real", ws.path("link"));
  const Argv argv = {cc(), "-g", "-c", "a.c"};
  const Options options = {.env = {"PWD=" + ws.path("link")}, .cwd = "real"};
  ws.expect_miss(argv, options);
  ws.let_engine_set_watches();
  ws.expect_hit(argv, options);
  ws.remove("link");
  std::filesystem::create_directory_symlink("other", ws.path("link"));
  ws.expect_same(argv, options);
  ws.remove("link");
  std::filesystem::create_directory_symlink("real", ws.path("link"));
  ws.expect_unchanged(argv, options);
}

TEST_P(Terminal, TwoDirectoriesBehindOneSymlinkShare) {
  for (const std::string name : {"real/d1", "real/d2"}) ws.write(name + "/a.c", "int a;\n");
  std::filesystem::create_directory_symlink("real", ws.path("link"));
  ws.expect_miss({cc(), "-c", "a.c"}, {.env = {"PWD=" + ws.path("link/d1")}, .cwd = "real/d1"});
  ws.expect_hit({cc(), "-c", "a.c"}, {.env = {"PWD=" + ws.path("link/d2")}, .cwd = "real/d2"});
  // The command also names the logical directory.
  const auto compile = [&](const std::string& d) {
    return Argv{cc(), "-I" + ws.path("link/" + d + "/inc"), "-c", ws.path("link/" + d + "/a.c")};
  };
  ws.expect_miss(compile("d1"), {.env = {"PWD=" + ws.path("link/d1")}, .cwd = "real/d1"});
  ws.expect_hit(compile("d2"), {.env = {"PWD=" + ws.path("link/d2")}, .cwd = "real/d2"});
}

TEST_P(Terminal, DebugInformationOfALogicalDirectoryIsItsOwn) {
  for (const std::string name : {"real/d1", "real/d2"}) ws.write(name + "/a.c", "int a;\n");
  std::filesystem::create_directory_symlink("real", ws.path("link"));
  const Argv argv = {cc(), "-g", "-c", "a.c"};
  ws.expect_same(argv, {.env = {"PWD=" + ws.path("link/d1")}, .cwd = "real/d1"});
  ws.expect_same(argv, {.env = {"PWD=" + ws.path("link/d2")}, .cwd = "real/d2"});
  ws.expect_same(argv, {.env = {"PWD=" + ws.path("real/d2")}, .cwd = "real/d2"});
  ws.expect_same(argv, {.env = {"PWD=" + ws.path("link/d2")}, .cwd = "real/d1"});
}

// The map applies to only one of the two names.
TEST_P(Terminal, APrefixMapOfTheLogicalName) {
  ws.write("real/a.c", "int a;\n");
  std::filesystem::create_directory_symlink("real", ws.path("link"));
  const Argv argv = {cc(), "-g", "-ffile-prefix-map=" + ws.path("link") + "=.", "-c", "a.c"};
  ws.expect_same(argv, {.env = {"PWD=" + ws.path("link")}, .cwd = "real"});
  ws.expect_same(argv, {.env = {"PWD=" + ws.path("real")}, .cwd = "real"});
  ws.expect_hit(argv, {.env = {"PWD"}, .cwd = "real"});
}

EVERY_SETUP(Terminal);

}  // namespace
}  // namespace deja::test
