// SPDX-License-Identifier: Apache-2.0
// Tools of every row of the tables that are installed here: a miss, a hit that leaves what the tool
// leaves, a miss for each change of an input, and the result in another checkout.
#include "e2e/setup.h"

namespace deja::test {
namespace {

struct File {
  std::string name, text;
};

enum class Elsewhere { hit, miss };
// What to do with the outputs of the previous run.
enum class Leftovers { there, removed };

struct ToolCase {
  const char* label;
  Argv argv;
  std::vector<File> files;
  std::vector<File> changes;  // each of them causes a miss
  Elsewhere second_checkout = Elsewhere::hit;
  Leftovers leftovers = Leftovers::there;
};

std::ostream& operator<<(std::ostream& to, const ToolCase& tool) { return to << tool.label; }

const File kProto{"a.proto", "syntax = \"proto3\";\nimport \"b.proto\";\nmessage A { B b = 1; }\n"};
const File kGrammar{"a.y", "%token A\n%%\ns: A;\n"};
const File kHeader{"a.h",
                   "#define V 1\nclass A : public QObject { Q_OBJECT\nsignals: void f(); };\n"};

const ToolCase kTools[] = {
    {"gfortran",
     {"gfortran", "-Wall", "-c", "a.f90", "-o", "a.o"},
     {{"a.f90", "subroutine a\n  integer :: i\n  include 'b.inc'\nend subroutine\n"},
      {"b.inc", "i = 1\n"}},
     {{"a.f90", "subroutine a2\n  integer :: i\n  include 'b.inc'\nend subroutine\n"},
      {"b.inc", "i = 2\n"}}},
    {"gccfortran",
     {"gcc", "-cpp", "-c", "a.f"},
     {{"a.f", "      subroutine a\n#include \"b.inc\"\n      end\n"}, {"b.inc", "      i = 1\n"}},
     {{"b.inc", "      i = 2\n"}}},
    {"gnat",
     {"gnatgcc", "-c", "p.adb"},
     {{"p.adb", "with Q;\nprocedure P is begin Q.F; end P;\n"},
      {"q.ads", "package Q is\n   procedure F;\nend Q;\n"}},
     {{"q.ads", "package Q is\n   procedure F;\n   X : Integer := 1;\nend Q;\n"}},
     Elsewhere::miss},  // p.ali holds the times of sources
    {"gccgo",
     {"gccgo-12", "-c", "a.go", "-o", "a.o"},
     {{"a.go", "package a\nfunc F() int { return 1 }\n"}},
     {{"a.go", "package a\nfunc F() int { return 2 }\n"}},
     Elsewhere::miss},  // the directory's name is in its output
    {"cpp",
     {"cpp", "a.c", "a.i"},
     {{"a.c", "#include \"a.h\"\nint a = V;\n"}, kHeader},
     {{"a.h", "#define V 2\n"}}},
    {"nasm",
     {"nasm", "-f", "elf64", "-I", "inc/", "a.asm", "-o", "a.o"},
     {{"a.asm", "%include \"b.inc\"\nincbin \"c.bin\"\ndd V\n"},
      {"inc/b.inc", "%define V 1\n"},
      {"c.bin", "1"}},
     {{"inc/b.inc", "%define V 2\n"}, {"c.bin", "2"}, {"b.inc", "%define V 3\n"}}},
    {"yasm",
     {"yasm", "-f", "elf64", "a.asm", "-o", "a.o"},
     {{"a.asm", "%include \"b.inc\"\ndd V\n"}, {"b.inc", "%define V 1\n"}},
     {{"b.inc", "%define V 2\n"}}},
    {"flex", {"flex", "-o", "a.c", "a.l"}, {{"a.l", "%%\na ;\n"}}, {{"a.l", "%%\nb ;\n"}}},
    {"bison", {"bison", "-d", "a.y"}, {kGrammar}, {{"a.y", "%token B\n%%\ns: B;\n"}}},
    {"protoc",
     {"protoc", "--cpp_out=.", "a.proto"},
     {kProto, {"b.proto", "syntax = \"proto3\";\nmessage B { int32 x = 1; }\n"}},
     {{"b.proto", "syntax = \"proto3\";\nmessage B { int32 y = 1; }\n"}}},
    {"moc",
     {"/usr/lib/qt5/bin/moc", "a.h", "-o", "moc_a.cpp"},
     {kHeader},
     {{"a.h", "class A : public QObject { Q_OBJECT\nsignals: void g(); };\n"}}},
    {"uic",
     {"/usr/lib/qt5/bin/uic", "a.ui", "-o", "ui_a.h"},
     {{"a.ui", "<ui version=\"4.0\"><class>F</class><widget class=\"QWidget\" name=\"F\"/></ui>"}},
     {{"a.ui", "<ui version=\"4.0\"><class>G</class><widget class=\"QWidget\" name=\"G\"/></ui>"}}},
    {"rcc",
     {"/usr/lib/qt5/bin/rcc", "a.qrc", "-o", "qrc_a.cpp"},
     {{"a.qrc", "<RCC><qresource><file>a.txt</file></qresource></RCC>"}, {"a.txt", "1"}},
     {{"a.txt", "2"}},
     Elsewhere::miss},  // its output holds times of files
    {"glslang",
     {"glslangValidator", "-V", "a.vert", "-o", "a.spv"},
     {{"a.vert", "#version 450\nvoid main() { gl_Position = vec4(1); }\n"}},
     {{"a.vert", "#version 450\nvoid main() { gl_Position = vec4(2); }\n"}}},
    {"swig",
     {"swig", "-python", "a.i"},
     {{"a.i", "%module a\n%include \"b.i\"\n"}, {"b.i", "int f(int);\n"}},
     {{"b.i", "int g(int);\n"}}},
    {"dtc",
     {"dtc", "-O", "dtb", "-o", "a.dtb", "a.dts"},
     {{"a.dts", "/dts-v1/;\n/include/ \"b.dtsi\"\n"}, {"b.dtsi", "/ { a = <1>; };\n"}},
     {{"b.dtsi", "/ { a = <2>; };\n"}}},
    {"capnp",
     {"capnp", "compile", "-oc++", "a.capnp"},
     {{"a.capnp", "@0xdbb9ad1f14bf0b36;\nstruct P { a @0 :Int32; }\n"}},
     {{"a.capnp", "@0xdbb9ad1f14bf0b36;\nstruct P { b @0 :Int32; }\n"}},
     Elsewhere::hit,
     Leftovers::removed},  // it overwrites an existing file, which is not stored
    {"gperf", {"gperf", "a.gperf"}, {{"a.gperf", "%%\nfoo\n%%\n"}}, {{"a.gperf", "%%\nbar\n%%\n"}}},
    {"xxd", {"xxd", "-i", "a.bin"}, {{"a.bin", "1"}}, {{"a.bin", "2"}}},
};

class ToolInFront : public ::testing::TestWithParam<ToolCase> {
 protected:
  void write(const std::vector<File>& files, const std::string& directory) {
    for (const File& file : files) ws.write(directory + "/" + file.name, file.text);
    for (const File& file : files) ws.let_settle(directory + "/" + file.name);
  }
  Workspace ws{Mode::daemon};
};

TEST_P(ToolInFront, HitsAndMisses) {
  const ToolCase& tool = GetParam();
  NEEDS_TOOL(tool.argv.front());
  write(tool.files, "one");
  ws.expect_same(tool.argv, {.cwd = "one"});
  for (const File& change : tool.changes) {
    if (tool.leftovers == Leftovers::removed) {
      ws.remove("one");
      write(tool.files, "one");
    }
    write({change}, "one");
    ws.expect_same(tool.argv, {.cwd = "one"});
  }
}

TEST_P(ToolInFront, SecondCheckout) {
  const ToolCase& tool = GetParam();
  NEEDS_TOOL(tool.argv.front());
  write(tool.files, "one");
  write(tool.files, "another");
  ws.expect_miss(tool.argv, {.cwd = "one"});
  const Tree before = ws.tree();
  const Result bare = ws.run(tool.argv, {.cwd = "another"});
  const Tree left = ws.tree();
  ws.restore(before);
  const Result got = tool.second_checkout == Elsewhere::hit
                         ? ws.expect_hit(tool.argv, {.cwd = "another"})
                         : ws.expect_miss(tool.argv, {.cwd = "another"});
  EXPECT_EQ(got, bare);
  EXPECT_EQ(difference(left, ws.tree()), "");
}

INSTANTIATE_TEST_SUITE_P(, ToolInFront, ::testing::ValuesIn(kTools),
                         [](const auto& of) { return std::string(of.param.label); });

class Tools : public ModeTest {
 protected:
  void write(const std::string& name, const std::string& text, unsigned mode = 0644) {
    ws.write(name, text, mode);
    ws.let_settle(name);
  }
};

// The old module file decides whether the module is replaced.
TEST_P(Tools, FortranModuleThatIsThereCounts) {
  NEEDS_TOOL("gfortran");
  const std::string one = "module m\n  integer :: x\nend module\n";
  const std::string two = "module m\n  integer :: y\nend module\n";
  const Argv compile{"gfortran", "-J", "mod", "-c", "m.f90", "-o", "m.o"};
  ws.make_directory("mod");
  write("m.f90", one);
  ws.expect_miss(compile);
  const std::string first = ws.read("mod/m.mod");
  ws.let_settle("mod/m.mod");
  ws.expect_same(compile);  // it exists and stays
  write("m.f90", two);
  ws.expect_same(compile);  // it exists and is replaced
  EXPECT_NE(ws.read("mod/m.mod"), first);
  ws.remove("mod/m.mod");
  write("m.f90", one);
  ws.expect_hit(compile);
  EXPECT_EQ(ws.read("mod/m.mod"), first);
}

TEST_P(Tools, FortranReadsModules) {
  NEEDS_TOOL("gfortran");
  write("m.f90", "module m\n  integer :: x = 1\nend module\n");
  write("p.f90", "program p\n  use m\n  print *, x\nend program\n");
  const Argv use{"gfortran", "-c", "p.f90"};
  ASSERT_TRUE(ws.run({"gfortran", "-c", "m.f90"}).ok());
  ws.let_settle("m.mod");
  ws.expect_same(use);
  write("m.f90", "module m\n  integer(8) :: x = 1\nend module\n");
  ASSERT_TRUE(ws.run({"gfortran", "-c", "m.f90"}).ok());
  ws.let_settle("m.mod");
  ws.expect_same(use);
  ws.expect_same({"gfortran", "p.o", "m.o", "-o", "p"});
  ws.expect_same({"gfortran", "-fsyntax-only", "-std=f95", "p.f90"});
}

TEST_P(Tools, FortranSubmodules) {
  NEEDS_TOOL("gfortran");
  write("m.f90",
        "module m\n  interface\n    module subroutine s\n    end subroutine\n  end interface\n"
        "end module\n");
  write("s.f90",
        "submodule (m) t\ncontains\n  module subroutine s\n  end subroutine\nend submodule\n");
  ws.expect_same({"gfortran", "-c", "m.f90"});
  ws.let_settle("m.smod");
  ws.expect_same({"gfortran", "-c", "s.f90"});
  EXPECT_TRUE(ws.exists("m@t.smod"));
}

// Module files are compressed; deja unpacks and searches them.
TEST_P(Tools, FortranModulesServeOtherCheckouts) {
  NEEDS_TOOL("gfortran");
  for (const char* name : {"one", "another"}) {
    const std::string source = ws.path(std::string(name) + "/m.f90");
    write(source, "module m\n  integer :: x\nend module\n");
    const Argv compile{"gfortran", "-c", source};
    if (name == std::string("one"))
      ws.expect_miss(compile, {.cwd = name});
    else
      ws.expect_hit(compile, {.cwd = name});
  }
  EXPECT_EQ(ws.read("one/m.mod"), ws.read("another/m.mod"));
}

// GNAT's .ali file holds the time of a source.
TEST_P(Tools, AdaListsTimesOfSources) {
  NEEDS_TOOL("gnatgcc");
  const Argv compile{"gnatgcc", "-c", "p.adb"};
  write("p.adb", "procedure P is begin null; end P;\n");
  ws.expect_same(compile);
  const std::string list = ws.read("p.ali");
  ASSERT_TRUE(ws.run({"touch", "-d", "2020-01-01", "p.adb"}).ok());
  ws.expect_same(compile);
  EXPECT_NE(ws.read("p.ali"), list);
}

TEST_P(Tools, AdaThatOutputsTheTimeIsNotStored) {
  NEEDS_TOOL("gnatgcc");
  write("p.adb",
        "with GNAT.Source_Info;\nprocedure P is X : String := GNAT.Source_Info.COMPILATION_TIME;\n"
        "begin null; end P;\n");
  write("q.adb", "procedure Q is begin null; end Q;\n");
  for (const Argv& argv : {Argv{"gnatgcc", "-c", "p.adb"}, Argv{"gnatgcc", "-c", "-gnatl", "q.adb"},
                           Argv{"gnatgcc", "-c", "-gnatl=q.lst", "q.adb"},
                           Argv{"gnatgcc", "-c", "-gnateDX=Date", "q.adb"}}) {
    for (int i = 0; i < 2; ++i) {
      ws.expect_miss(argv);
      EXPECT_EQ(ws.last_event().not_stored, "time_written") << ws.last_event();
    }
  }
}

TEST_P(Tools, NasmThatOutputsTheTimeIsNotStored) {
  NEEDS_TOOL("nasm");
  write("a.asm", "db __DATE__\n");
  write("b.asm", "%define j(x,y) x %+ y\ndd j(__?POSIX,_TIME?__)\n");
  write("c.asm", "ret\n");
  write("more", "c.asm\n-fwin64\n");
  const Argv lines[] = {{"nasm", "-f", "elf64", "a.asm"},
                        {"nasm", "-f", "elf64", "b.asm"},
                        {"nasm", "-f", "win64", "c.asm"},
                        {"nasm", "-f", "elf64", "-DX=__TIME__", "c.asm"},
                        {"nasm", "-@", "more"}};
  for (const Argv& line : lines) {
    for (int i = 0; i < 2; ++i) {
      ws.expect_miss(line);
      const std::string why = ws.last_event().not_stored;
      EXPECT_TRUE(why == "clock_read" || why == "time_written") << ws.last_event();
    }
  }
}

TEST_P(Tools, TimesOfResourcesCount) {
  const std::string rcc = "/usr/lib/qt5/bin/rcc";
  NEEDS_TOOL(rcc);
  write("a.qrc", "<RCC><qresource><file>a.txt</file></qresource></RCC>");
  write("a.txt", "1");
  const Argv pack{rcc, "a.qrc", "-o", "qrc_a.cpp"};
  ws.expect_same(pack);
  const std::string packed = ws.read("qrc_a.cpp");
  ASSERT_TRUE(ws.run({"touch", "-d", "2020-01-01", "a.txt"}).ok());
  ws.expect_same(pack);
  EXPECT_NE(ws.read("qrc_a.cpp"), packed);
}

// moc writes the path of its source relative to its output; both are given as absolute paths.
TEST_P(Tools, PathsAsSeenFromAnotherAreNotMoved) {
  const std::string moc = "/usr/lib/qt5/bin/moc";
  NEEDS_TOOL(moc);
  write("a.h", "class A : public QObject { Q_OBJECT };\n");
  for (const char* directory : {"build", "out/build", "debug"}) {
    ws.make_directory(directory);
    const std::string output = ws.path(std::string(directory) + "/moc_a.cpp");
    ws.expect_same({moc, ws.path("a.h"), "-o", output}, {.cwd = directory});
  }
  EXPECT_NE(ws.read("build/moc_a.cpp"), ws.read("out/build/moc_a.cpp"));
}

// protoc writes the rest of a path after a directory above.
TEST_P(Tools, PathsBelowAnOuterDirectoryAreNotMoved) {
  NEEDS_TOOL("protoc");
  for (const char* name : {"one", "two"}) {
    write(std::string(name) + "/a.proto", "syntax = \"proto3\";\nmessage A {}\n");
    const std::string root = ws.path(name);
    const Argv compile{"protoc", "-I/", "--cpp_out=.", root + "/a.proto"};
    ws.expect_same(compile, {.cwd = name});
  }
}

// A thin archive holds the path of a member relative to the archive.
TEST_P(Tools, ThinArchivesAreNotMoved) {
  write("a.c", "int a;\n");
  ASSERT_TRUE(ws.run({"gcc", "-c", "a.c"}).ok());
  ws.let_settle("a.o");
  for (const char* directory : {"build", "out/build"}) {
    ws.make_directory(directory);
    ws.expect_same({"ar", "rcsT", ws.path(std::string(directory) + "/lib.a"), ws.path("a.o")},
                   {.cwd = directory});
  }
}

TEST_P(Tools, StripAndObjcopyInPlace) {
  write("a.c", "static int unused(void) { return 1; }\nint a(void) { return unused(); }\n");
  for (const char* object : {"a.o", "b.o"}) {
    ASSERT_TRUE(ws.run({"gcc", "-g", "-c", "a.c", "-o", object}).ok());
    ws.let_settle(object);
  }
  ws.expect_same({"strip", "-o", "c.o", "a.o"});
  ws.expect_same({"objcopy", "--only-keep-debug", "a.o", "a.debug"});
  ws.let_settle("a.debug");
  ws.expect_same({"strip", "--strip-debug", "a.o", "b.o"});
  ws.let_settle("a.o");
  ws.expect_same({"objcopy", "--add-gnu-debuglink=a.debug", "a.o"});
  const std::string linked = ws.read("a.o");
  ASSERT_TRUE(ws.run({"gcc", "-g", "-O2", "-c", "a.c", "-o", "a.o"}).ok());
  ws.let_settle("a.o");
  ws.expect_same({"objcopy", "--add-gnu-debuglink=a.debug", "a.o"});  // another a.o
  EXPECT_NE(ws.read("a.o"), linked);
}

TEST_P(Tools, BitcodeIsASource) {
  const std::string clang = newest_clang();
  NEEDS_TOOL(clang);
  write("a.c", "int a(void) { return 1; }\n");
  ASSERT_TRUE(ws.run({clang, "-flto=thin", "-O2", "-c", "a.c", "-o", "a.o"}).ok());
  ASSERT_TRUE(ws.run({clang, "-emit-llvm", "-c", "a.c", "-o", "a.bc"}).ok());
  ASSERT_TRUE(ws.run({clang, "-emit-llvm", "-S", "a.c", "-o", "a.ll"}).ok());
  for (const char* name : {"a.o", "a.bc", "a.ll"}) ws.let_settle(name);
  const Argv native{clang, "-O2", "-x", "ir", "-c", "-fthinlto-index=/dev/null",
                    "a.o", "-o",  "n.o"};
  const Argv object{clang, "-O2", "-c", "-fthinlto-index=/dev/null", "a.o", "-o", "n.o"};
  ws.expect_unchanged(native);
  ws.expect_unchanged(object);
  EXPECT_NE(ws.last_event().outcome, "bypass") << ws.last_event();
  ws.expect_same({clang, "-c", "a.bc", "-o", "b.o"});
  ws.expect_same({clang, "-c", "a.ll", "-o", "l.o"});
  ASSERT_TRUE(ws.run({"gcc", "-flto", "-c", "a.c", "-o", "g.o"}).ok());
  ws.let_settle("g.o");
  ws.expect_same({"gcc", "-r", "-flto", "-flinker-output=rel", "g.o", "-o", "r.o"});
}

TEST_P(Tools, ReasonsNameTheLanguage) {
  write("x.foo", "");
  ws.expect_bypass("no_input", {"gcc", "-c", "x.foo"});
  EXPECT_EQ(ws.last_event().detail, "x.foo: no language is known by this name");
  ws.expect_bypass("no_input", {"gcc", "-c", "x.o"});
  EXPECT_EQ(ws.last_event().detail, "x.o is for the linker");
  ws.expect_bypass("unsupported_option", {"gcc", "-c", "x.d"});
  EXPECT_EQ(ws.last_event().detail.find("linker"), std::string::npos) << ws.last_event();
}

EVERY_MODE(Tools);

class Named : public ModeTest {
 protected:
  void write(const std::string& name, const std::string& text, unsigned mode = 0644) {
    ws.write(name, text, mode);
    ws.let_settle(name);
  }
  std::string gcc() { return find_program("gcc"); }
};

TEST_P(Named, KnownWithTargetAndVersion) {
  write("a.c", "int a;\n");
  for (const char* name :
       {"x86_64-foo-gcc-13.2", "gcc-13", "g++-13.2.0", "aarch64-linux-gnu-gcc-12"}) {
    ws.script(name, "#!/bin/sh\nexec " + gcc() + " \"$@\"\n");
    ws.expect_same({name, "-c", "a.c"});
  }
}

TEST_P(Named, LinkIsWhatItLeadsTo) {
  write("a.c", "int a;\n");
  ASSERT_TRUE(ws.run({"ln", "-s", gcc(), "to-gcc"}).ok());
  ASSERT_TRUE(ws.run({"ln", "-s", "../work/to-gcc", ws.bin() + "/acmecc"}).ok());
  const Argv compile{"acmecc", "-c", "a.c"};
  ws.expect_same(compile);
  ws.let_engine_set_watches();
  ws.expect_hit(compile);
  // Another program at the target of the link.
  ws.script("gcc-12", "#!/bin/sh\n" + gcc() + " -DX \"$@\"\n");
  ASSERT_TRUE(ws.run({"ln", "-sf", ws.bin() + "/gcc-12", "to-gcc"}).ok());
  ws.expect_same(compile);
  ws.script("plain", "#!/bin/sh\nexec " + gcc() + " \"$@\"\n");
  ASSERT_TRUE(ws.run({"ln", "-sf", ws.bin() + "/plain", "to-gcc"}).ok());
  ws.expect_bypass("unknown_tool", compile);
  ws.expect_bypass("unknown_tool", {"plain", "-c", "a.c"});
}

TEST_P(Named, TakenForWhatTheConfigurationSays) {
  write("a.c", "int a;\n");
  ws.script("acmecc", "#!/bin/sh\nexec " + gcc() + " \"$@\"\n");
  const Argv compile{"acmecc", "-c", "a.c"};
  ws.expect_bypass("unknown_tool", compile);
  write(".deja.toml", "tools.acmecc = \"gcc\"\n");
  ws.expect_same(compile);
  ws.let_engine_set_watches();
  ws.expect_hit(compile);
  // Everything that can change the answer is part of the request.
  ws.expect_miss(compile, {.env = {"DEJA_TOOLS=acmecc=any"}});
  ws.expect_miss(compile, {.env = {"DEJA_TOOLS=acmecc=gfortran"}});
  ws.expect_hit(compile);
  ws.expect_bypass("unknown_tool", compile, {.env = {"DEJA_TOOLS=acmecc=nonsense"}});
  EXPECT_EQ(ws.last_event().detail, "tools.acmecc: no tool is known as \"nonsense\"");
}

TEST_P(Named, AnyToolIsCachedWithCare) {
  ws.set("DEJA_TOOLS=mygen=any");
  ws.script("mygen",
            "#!/bin/sh\ncat \"$1\" > \"$2\"\nif [ -e extra ]; then cat extra >> \"$2\"; fi\n");
  write("in", "1\n");
  const Argv make{"mygen", "in", "out"};
  ws.expect_same(make);
  write("in", "2\n");
  ws.remove("out");
  ws.expect_same(make);
  write("extra", "3\n");
  ws.remove("out");
  ws.expect_same(make);
  ws.remove("out");
  ws.expect_hit(make, {.env = {"SOMETHING=else"}});  // its script cannot read that
  ws.script("mygen", "#!/bin/sh\n{ cat \"$1\"; echo $SOMETHING; } > \"$2\"\n");
  ws.remove("out");
  ws.expect_same(make);
  ws.remove("out");
  ws.expect_same(make, {.env = {"SOMETHING=else"}});
  ws.remove("out");
  ws.expect_hit(make);
  // The tool may have hidden anything in its output.
  ws.write("two/in", "2\n");
  ws.let_settle("two/in");
  ws.expect_miss(make, {.cwd = "two"});
}

TEST_P(Named, AnyToolThatAsksForTheTimeIsNotStored) {
  ws.set("DEJA_TOOLS=mygen=any");
  // A shell asks for the time in any case; other programs only if they want it.
  for (const auto& [how, code] :
       {std::pair("date > out", "clock_read"), std::pair("echo $SECONDS > out", "time_written"),
        std::pair("echo $EPOCHSECONDS > out", "time_written"),
        std::pair("printf '%(%s)T' > out", "time_written"),
        std::pair("echo $RANDOM > out", "time_written")}) {
    ws.script("mygen", std::string("#!/bin/bash\n") + how + "\n");
    for (int i = 0; i < 2; ++i) {
      ws.remove("out");
      ws.expect_miss({"mygen"});
      EXPECT_EQ(ws.last_event().not_stored, code) << how << " " << ws.last_event();
    }
  }
  ws.script("mygen", "#!/bin/sh\necho failed >&2\nexit 1\n");
  for (int i = 0; i < 2; ++i) ws.expect_failure({"mygen"});
}

// The shell finds its programs by PATH, without a call that asks for the variable.
TEST_P(Named, AnyToolsScriptFindsProgramsByPath) {
  ws.set("DEJA_TOOLS=mygen=any");
  for (const char* version : {"one", "two"})
    ws.write(std::string(version) + "/helper", std::string("#!/bin/sh\necho ") + version + "\n",
             0755);
  ws.make_directory("empty");
  const auto with = [&](const std::string& front) {
    return Options{.env = {"PATH=" + ws.path(front) + ":" + ws.bin() + ":/usr/bin:/bin"}};
  };
  for (const char* shell : {"/bin/sh", "/bin/bash"}) {
    ws.script("mygen", std::string("#!") + shell + "\nhelper > out; cat out > copy\n");
    ws.remove("out");
    ws.expect_miss({"mygen"}, with("one"));
    EXPECT_EQ(ws.read("copy"), "one\n");
    ws.expect_miss({"mygen"}, with("two"));
    EXPECT_EQ(ws.read("copy"), "two\n");
    ws.expect_hit({"mygen"}, with("one"));
    EXPECT_EQ(ws.read("copy"), "one\n");
    // A program that appears in front of another one of its name.
    ws.remove("empty/cat");
    ws.expect_hit({"mygen"}, {.env = {"PATH=" + ws.path("empty") + ":" + ws.path("one") + ":" +
                                      ws.bin() + ":/usr/bin:/bin"}});
    ws.write("empty/cat", "#!/bin/sh\necho other\n", 0755);
    ws.expect_miss({"mygen"}, {.env = {"PATH=" + ws.path("empty") + ":" + ws.path("one") + ":" +
                                       ws.bin() + ":/usr/bin:/bin"}});
    EXPECT_EQ(ws.read("copy"), "other\n");
  }
}

// What the machine calls itself can be asked again.
TEST_P(Named, AnyToolMayAskForTheMachinesName) {
  ws.set("DEJA_TOOLS=mygen=any");
  for (const char* how : {"hostname", "uname -a", "echo $HOSTNAME"}) {
    ws.script("mygen", std::string("#!/bin/bash\n") + how + " > out\n");
    ws.remove("out");
    ws.expect_same({"mygen"});
    const std::string why = ws.deja({"why", "--trace", "mygen"}).out;
    EXPECT_NE(why.find("the machine is"), std::string::npos) << how << "\n" << why;
  }
}

EVERY_MODE(Named);

// Questions to compilers about themselves.
class Question : public ModeTest {};

TEST_P(Question, IsAnsweredFromTheCache) {
  for (const char* option : {"--version", "-v", "-dumpmachine", "-dumpversion", "-dumpfullversion",
                             "-print-search-dirs", "-print-file-name=libc.so",
                             "-print-prog-name=ld", "-print-multi-lib", "-dumpspecs", "--help"})
    ws.expect_same({"gcc", option});
  ws.expect_same({"gcc", "-E", "-v", "-"});
  ws.expect_same({"gcc", "--help=common"}, {.env = {"COLUMNS=72"}});
  ws.expect_same({"gcc", "--help=common"}, {.env = {"COLUMNS=132"}});
  ws.expect_bypass("not_a_compile", {"gcc", "--help=common"}, {.env = {"COLUMNS"}});
  for (const char* tool : {"ld", "as", "ar", "strip"}) ws.expect_same({tool, "--version"});
  ws.expect_same({"ld", "-v"});
}

TEST_P(Question, OfClang) {
  const std::string clang = newest_clang();
  NEEDS_TOOL(clang);
  for (const char* option : {"--version", "-v", "-print-resource-dir", "-dumpmachine"})
    ws.expect_same({clang, option});
  ws.write("a.c", "int a;\n");
  ws.expect_same({clang, "-###", "-c", "a.c"});
}

TEST_P(Question, ThatOnlyOthersKnowFailsFromTheCache) {
  for (const char* option : {"-V", "-qversion", "-version"}) {
    const Argv ask{"gcc", option};
    const Result bare = ws.run(ask);
    EXPECT_EQ(bare.exit_code, 1) << bare;
    EXPECT_EQ(ws.expect_failure(ask), bare);
    EXPECT_EQ(ws.expect_hit(ask), bare);
  }
}

TEST_P(Question, IsAskedAgainOfAnotherCompiler) {
  const std::string gcc = find_program("gcc");
  ws.script("gcc", "#!/bin/sh\nexec " + gcc + " \"$@\"\n");
  ws.expect_same({"gcc", "-dumpmachine"});
  ws.script("gcc", "#!/bin/sh\necho other\n");
  ws.expect_same({"gcc", "-dumpmachine"});
}

TEST_P(Question, IsAskedAgainWhenAFileAppears) {
  const Argv ask{"gcc", "-B", "tools/", "-print-prog-name=cc1"};
  ws.expect_same(ask);
  ws.write("tools/cc1", "#!/bin/sh\n", 0755);
  ws.let_settle("tools/cc1");
  EXPECT_EQ(ws.expect_same(ask).result.out, "tools/cc1\n");
}

TEST_P(Question, WhoseAnswerNamesATemporaryFileIsNotStored) {
  ws.write("a.c", "int a;\n");
  std::vector<Argv> asks = {{"gcc", "-###", "-c", "a.c"}, {"gcc", "-Wl,--version"}};
  if (!find_program(newest_clang()).empty()) asks.push_back({newest_clang(), "-###", "a.c"});
  for (const Argv& ask : asks) {
    for (int i = 0; i < 2; ++i) {
      ws.expect_miss(ask);
      EXPECT_EQ(ws.last_event().not_stored, "temporary_name_printed") << ws.last_event();
    }
  }
}

EVERY_MODE(Question);

}  // namespace
}  // namespace deja::test
