// SPDX-License-Identifier: Apache-2.0
// One command with another name for its output: a result made under the first name may only be
// served if the tool would leave the same under the second.
#include <gtest/gtest.h>

#include <filesystem>

#include "diff/tester.h"

namespace deja::test {
namespace {

class OutputName : public ::testing::Test {
 protected:
  void SetUp() override {
    ws.write("a.c", "int f(int x) { return x > 3 ? x * 2 : 1; }\n");
    ws.write("main.c", "int main(void) { return 0; }\n");
    ws.write("h.c", "#include \"h.h\"\nint a = H;\n");
    ws.write("h.h", "#define H 1\n");
    for (const char* name : {"one", "two", "d/e"}) ws.make_directory(name);
  }
  static Argv filled(Argv argv, const std::string& output) {
    const std::string stem = output.substr(0, output.rfind('.'));
    for (std::string& word : argv) {
      for (const auto& [mark, by] : {std::pair{std::string("{O}"), output}, {"{S}", stem}})
        for (std::size_t at = word.find(mark); at != std::string::npos;
             at = word.find(mark, at + by.size()))
          word.replace(at, mark.size(), by);
    }
    return argv;
  }
  // Makes the result as `first`, then asks for `second`. "{O}" is the output, "{S}" the same
  // without its extension.
  Verdict again(const Argv& argv, const std::string& first, const std::string& second) {
    ws.deja({"purge", "--yes"});
    EXPECT_TRUE(warm_up(ws, {filled(argv, first), options}, 1))
        << as_shell({filled(argv, first), options});
    const Command command{filled(argv, second), options};
    const Verdict verdict = judge(ws, command);
    EXPECT_FALSE(verdict.is_wrong()) << as_shell(command) << "\ndeja: " << verdict.event << "\n"
                                     << verdict.difference;
    ws.remove(second);
    return verdict;
  }
  void expect_hit(const Argv& argv, const std::string& first, const std::string& second) {
    const Verdict verdict = again(argv, first, second);
    EXPECT_TRUE(verdict.is_hit()) << as_shell({filled(argv, second), options}) << "\n"
                                  << verdict.event;
  }

  Workspace ws;
  Options options;
  const std::vector<std::pair<std::string, std::string>> names = {
      {"one/x.o", "two/x.o"}, {"x.o", "one/yy.o"},          {"one/x.o", "y.o"},
      {"tmp-q1", "tmp-q2"},   {"one/tmp.Ab12", "tmp.Cd34"}, {"a.c.o", "./two/a.c.o"}};
};

TEST_F(OutputName, PlainCompilesAreShared) {
  for (const char* compiler : {"gcc", "clang"})
    for (const char* first : {"one/tmp-q1.o", "tmp-q1", "one/a.c.o"})
      expect_hit({compiler, "-O2", "-c", "a.c", "-o", "{O}"}, first,
                 "two/" + std::string(first).substr(std::string(first).find('/') + 1));
  expect_hit({"gcc", "-c", "a.c", "-o", "{O}"}, "one/tmp.Ab12", "tmp.Cd34");
  expect_hit({"gcc", "-c", "a.c", "-o", "{O}"}, "one/tmp-q1.o", ws.path("two/tmp-q2.o"));
}

TEST_F(OutputName, LinksAreShared) {
  expect_hit({"gcc", "main.c", "-o", "{O}"}, "prog-q1", "one/prog-q2");
  ws.run({"gcc", "-c", "main.c", "-o", "main.o"});
  expect_hit({"gcc", "main.o", "-o", "{O}"}, "prog-q1", "one/prog-q2");
  expect_hit({"gcc", "-shared", "main.o", "-o", "{O}"}, "libq1.so", "one/libq2.so");
}

// CMake's checks: the objects are in a directory named after the program.
TEST_F(OutputName, ObjectsBelowTheProgramsNameFollow) {
  for (const char* name : {"check-q1", "check-q2"}) {
    const std::string directory = "CMakeFiles/" + std::string(name) + ".dir";
    ws.make_directory(directory);
    ws.run({"gcc", "-c", "main.c", "-o", directory + "/main.c.o"});
    ws.run({"gcc", "-g", "-c", "main.c", "-o", directory + "/debug.c.o"});
    ws.run({"gcc", "-c", "a.c", "-o", directory + "/a.c.o"});
    ws.run({"gcc", "-flto", "-c", "a.c", "-o", directory + "/lto.c.o"});
  }
  const std::string directory = "CMakeFiles/{O}.dir";
  for (const char* compiler : {"gcc", "clang"}) {
    expect_hit({compiler, "-rdynamic", directory + "/main.c.o", "-o", "{O}"}, "check-q1",
               "check-q2");
    expect_hit({compiler, "-shared", directory + "/debug.c.o", "-o", "{O}"}, "check-q1",
               "check-q2");
    expect_hit({compiler, ws.path(directory + "/main.c.o"), "-lm", "-o", "{O}"}, "check-q1",
               "check-q2");
  }
  // None of these may be wrong.
  ws.run({"gcc", "-c", "h.c", "-o", "first.o"});
  ws.write("choose.ld", "SECTIONS { .text : { *q1*(.text*) *(.text*) } }\nINSERT AFTER .init;\n");
  for (const Argv& more :
       {Argv{"-Wl,-T,choose.ld"}, Argv{"-Wl,-Map,m.map"}, Argv{"-Wl,-t"}, Argv{"-Wl,-M"},
        Argv{directory + "/lto.c.o"}, Argv{"CMakeFiles/check-q1.dir/a.c.o", "-r"},
        Argv{directory + "/../check-q1.dir/a.c.o"}, Argv{"a.c"}, Argv{"-Wl,--trace-symbol=main"},
        Argv{"-Wl,--warn-common"}}) {
    Argv argv = {"gcc", "first.o", directory + "/main.c.o", "-o", "{O}"};
    argv.insert(argv.end(), more.begin(), more.end());
    again(argv, "check-q1", "check-q2");
    again(argv, "check-q2", "check-q1");
  }
}

TEST_F(OutputName, TargetsOfDependencyFilesFollow) {
  const Argv depfiles[] = {{"-MD"},
                           {"-MMD", "-MF", "{S}.dep"},
                           {"-MD", "-MP", "-MT", "{O}", "-MF", "{O}.d"},
                           {"-MD", "-MF", "fixed.d"},
                           {"-MD", "-MQ", "{O}", "-MF", "{O}.d"}};
  for (const Argv& more : depfiles) {
    Argv argv = {"gcc", "-c", "h.c", "-o", "{O}"};
    argv.insert(argv.begin() + 1, more.begin(), more.end());
    expect_hit(argv, "one/tmp-q1.o", "two/tmp-q2.o");
    expect_hit(argv, "one/tmp-q1.o",
               "d/e/tmp-q2-with-a-name-that-makes-the-line-break-somewhere-else.o");
    argv[0] = "clang";
    expect_hit(argv, "one/tmp-q1.o", "two/tmp-q2.o");
  }
}

// None of these may be wrong; which of them hit depends on the names.
TEST_F(OutputName, EveryKindOfSideOutput) {
  const Argv kinds[] = {{"-g"},
                        {"-g", "-gsplit-dwarf"},
                        {"--coverage"},
                        {"-fprofile-generate"},
                        {"-save-temps=obj"},
                        {"-save-temps"},
                        {"-fstack-usage"},
                        {"-fdump-tree-optimized"},
                        {"-fcallgraph-info"},
                        {"-flto"},
                        {"-frecord-gcc-switches"},
                        {"-fopt-info-all=info.txt"},
                        {"-dumpbase", "q"},
                        {"-g", "-gz"},
                        {"-Wa,-adhln=list.txt"},
                        {"-MD", "-MT", "x.o"},
                        {"-MD", "-MT", "a b.o"},
                        {"-Wp,-MD,w.d"},
                        {"-S"},
                        {"-E", "-MD"},
                        {"-g", "-ffile-prefix-map=one=uno"},
                        {"-Wunused", "-Wl,-Map,m.map"}};
  for (const Argv& kind : kinds) {
    for (const auto& [first, second] : names) {
      Argv argv = {"gcc", "-c", "a.c", "-o", "{O}"};
      argv.insert(argv.begin() + 1, kind.begin(), kind.end());
      again(argv, first, second);
    }
  }
}

TEST_F(OutputName, SideOutputsOfClang) {
  for (const Argv& kind :
       {Argv{"-g"}, Argv{"-g", "-gsplit-dwarf"}, Argv{"--coverage"}, Argv{"-save-temps=obj"},
        Argv{"-fstack-usage"}, Argv{"-flto"}, Argv{"-fsave-optimization-record"},
        Argv{"-MD", "-MJ", "c.json"}, Argv{"-fembed-bitcode"}, Argv{"-fprofile-instr-generate"}}) {
    for (const auto& [first, second] : names) {
      Argv argv = {"clang", "-c", "a.c", "-o", "{O}"};
      argv.insert(argv.begin() + 1, kind.begin(), kind.end());
      again(argv, first, second);
    }
  }
}

TEST_F(OutputName, SideOutputsOfLinks) {
  ws.run({"gcc", "-c", "main.c", "-o", "main.o"});
  ws.write("v.map", "V1 { global: main; local: *; };\n");
  for (const Argv& kind :
       {Argv{"main.o"}, Argv{"-g", "main.c"}, Argv{"-g", "-gsplit-dwarf", "main.c"},
        Argv{"--coverage", "main.c"}, Argv{"-save-temps", "main.c"},
        Argv{"-shared", "main.o", "-Wl,--version-script=v.map"}, Argv{"main.o", "-Wl,-Map,m.map"},
        Argv{"main.o", "-Wl,-M"}, Argv{"main.o", "-Wl,-rpath,$ORIGIN/one"},
        Argv{"-shared", "main.o", "-Wl,--out-implib,x.a"}, Argv{"-r", "main.o"},
        Argv{"-MD", "main.c"}, Argv{"-MD", "-MF", "m.d", "main.c"},
        Argv{"main.o", "-Wl,--dependency-file=l.d"}, Argv{"-flto", "main.c"},
        Argv{"main.o", "-Wl,--trace"}, Argv{"main.o", "-fuse-ld=gold"},
        Argv{"-fuse-ld=lld", "main.o"}}) {
    for (const auto& [first, second] : names) {
      Argv argv = {"gcc", "-o", "{O}"};
      argv.insert(argv.end(), kind.begin(), kind.end());
      again(argv, first, second);
    }
  }
}

// gcc looks for a profile by the name of the output.
TEST_F(OutputName, AProfileThatIsNamedAfterTheOutput) {
  ws.write("p.c", "int f(int x) { return x; }\nint main(void) { return f(0); }\n");
  for (const char* name : {"one/x", "two/x"}) {
    const std::string object = std::string(name) + ".o";
    ASSERT_TRUE(ws.run({"gcc", "-O2", "-fprofile-generate", "-c", "p.c", "-o", object}).ok());
    ASSERT_TRUE(ws.run({"gcc", "-fprofile-generate", object, "-o", "prog"}).ok());
    if (std::string(name) == "two/x") {
      ASSERT_TRUE(ws.run({ws.path("prog")}).ok());
    }
    ws.remove(object);
  }
  again({"gcc", "-O2", "-fprofile-use", "-c", "p.c", "-o", "{O}"}, "one/x.o", "two/x.o");
  again({"gcc", "-O2", "-fprofile-use", "-c", "p.c", "-o", "{O}"}, "two/x.o", "one/x.o");
}

TEST_F(OutputName, AnOutputThatIsAnInputIsRefused) {
  const std::string text = ws.read("a.c");
  again({"gcc", "-c", "a.c", "-o", "{O}"}, "tmp-q1", "tmp-q2");
  std::filesystem::create_directory_symlink(".", ws.path("here"));
  for (const char* name : {"a.c", "./a.c", "one/../a.c", "here/a.c"}) {
    const Result bare = ws.run({"gcc", "-c", "a.c", "-o", name});
    EXPECT_EQ(ws.deja({"gcc", "-c", "a.c", "-o", name}), bare) << name;
    EXPECT_EQ(ws.read("a.c"), text) << name;
  }
  // It becomes one while an engine remembers the request.
  const Argv argv = {"gcc", "-c", "a.c", "-o", "two/a.c"};
  ws.deja(argv);
  ws.let_engine_set_watches();
  ws.remove("two");
  std::filesystem::create_directory_symlink(".", ws.path("two"));
  EXPECT_EQ(ws.deja(argv).exit_code, 1);
  EXPECT_EQ(ws.read("a.c"), text);
  std::filesystem::create_hard_link(ws.path("a.c"), ws.path("hard"));
  std::filesystem::create_symlink("a.c", ws.path("soft"));
  for (const char* name : {"hard", "soft"}) {
    ws.deja({"gcc", "-c", "a.c", "-o", name});
    EXPECT_EQ(ws.read("a.c"), text) << name;
  }
}

TEST_F(OutputName, AMessageThatNamesTheOutput) {
  ws.write("m.s", ".section .note.GNU-stack,\"\",@progbits\n.globl main\nmain: ret\n.globl v\n");
  // prints a warning
  again({"gcc", "-no-pie", "-nostdlib", "m.s", "-o", "{O}"}, "one/tmp-q1", "two/tmp-q2");
}

TEST_F(OutputName, TwoAtOnce) {
  ws.deja({"purge", "--yes"});
  Process one = ws.start(Workspace::with_deja({"gcc", "-c", "-O2", "a.c", "-o", "one/tmp-q1.o"}));
  Process two = ws.start(Workspace::with_deja({"gcc", "-c", "-O2", "a.c", "-o", "two/tmp-q2.o"}));
  EXPECT_TRUE(one.wait().ok());
  EXPECT_TRUE(two.wait().ok());
  EXPECT_EQ(ws.read("one/tmp-q1.o"), ws.read("two/tmp-q2.o"));
}

}  // namespace
}  // namespace deja::test
