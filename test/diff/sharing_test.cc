// SPDX-License-Identifier: Apache-2.0
// A result made in one checkout or build directory and found from another: it may only be served if
// the tool would leave the same there. A directory's name gets into results in many ways.
#include <gtest/gtest.h>

#include "diff/sharing.h"

namespace deja::test {
namespace {

// --- results that must hit ---

TEST_F(Sharing, RelativeNames) {
  argv = {"gcc", "-c", "-MD", "a.c"};
  EXPECT_TRUE(share(with("#include \"inc/a.h\"\nint f(void) { return V; }\n")).is_hit());
}

// gcc asks for the real paths of its source and of its output, and compares the two.
TEST_F(Sharing, NamesWithDots) {
  const Files files = {{"src/a.c", "int f(void) { return 1; }\n"}, {"bld/sub/x", ""}};
  for (const char* name : {"./src/a.c", "src/../src/a.c", "{R}/./src/a.c", ".//src/a.c",
                           "bld/../bld/../bld/../src/a.c", "{R}/bld/../src/a.c"}) {
    argv = {"gcc", "-c", name, "-o", "./a.o"};
    EXPECT_TRUE(share_again(files).is_hit()) << name;
  }
  cwd = "bld/sub";
  for (const char* name : {"../../src/a.c", "./../../src/a.c", "../../bld/../src/a.c"}) {
    argv = {"gcc", "-c", name, "-o", "../sub/a.o"};
    EXPECT_TRUE(share_again(files).is_hit()) << name;
  }
}

TEST_F(Sharing, LinksOfNamesWithDots) {
  ws.run({"gcc", "-c", "-x", "c", "/dev/null", "-o", ws.path("empty.o")});
  const Files files = {{"bld/sub/e.o", ws.read("empty.o")}};
  cwd = "bld/sub";
  for (const Argv& words :
       {Argv{"gcc", "-shared", "-o", "./l.so", "./e.o"}, Argv{"ld", "-r", "-o", "./r.o", "./e.o"},
        Argv{"gcc", "-shared", "-o", "l.so", "../../bld/sub/../sub/e.o"}}) {
    argv = words;
    EXPECT_TRUE(share_again(files).is_hit()) << argv.back();
  }
}

// Meson's and CMake's links name directories absolutely. The output holds only those of -rpath.
TEST_F(Sharing, LinksThatNameDirectories) {
  ws.run({"gcc", "-c", "-x", "c", "/dev/null", "-o", ws.path("empty.o")});
  const Files files = {
      {"e.o", ws.read("empty.o")}, {"lib/v.map", "V { global: *; };\n"}, {"lib/s.c", "int s;\n"}};
  for (const char* option :
       {"-Wl,-rpath-link,{R}/lib", "-Wl,--version-script,{R}/lib/v.map", "-Wl,-L{R}/lib"}) {
    argv = {"gcc", "-shared", "-o", "l.so", "e.o", option};
    EXPECT_TRUE(share_again(files).is_hit()) << option;
  }
  argv = {"gcc", "-shared", "-o", "l.so", "e.o", "-Xlinker", "-rpath-link", "-Xlinker", "{R}/lib"};
  EXPECT_TRUE(share_again(files).is_hit());
  argv = {"gcc", "-shared", "-o", "l.so", "e.o", "-Wl,-Map,{R}/l.map"};
  share_again(files);  // right, whatever becomes of it
  argv = {"gcc", "-shared", "-o", "l.so", "e.o", "-Wl,-rpath-link={R}/lib:{R}/other"};
  share_again(files);  // right, whatever becomes of it
  argv = {"gcc", "-shared", "-o", "l.so", "e.o", "-Wl,-rpath,{R}/lib"};
  EXPECT_FALSE(share_again(files).is_hit());
}

// The source is also a system header, and then the compiler writes the shorter of its names.
TEST_F(Sharing, SourceThatIncludesItselfFromASystemDirectory) {
  const std::string dots = "inc/../inc/../inc/../inc/../inc/../inc/../inc/../inc/../inc/../inc";
  argv = {"gcc", "-Wsystem-headers", "-isystem", dots, "-c", dots + "/s.c", "-o", "a.o"};
  share({{"inc/s.c",
          "#ifndef ONCE\n#define ONCE\n#include <s.c>\nint a;\n#else\n#warning \"hey\"\n#endif\n"}},
        nullptr,
        "a-checkout-with-a-name-so-long-that-the-real-name-of-the-header-is-no-longer-the-shorter-"
        "one");
}

TEST_F(Sharing, MappedNames) {
  argv = {"gcc", "-g", "-ffile-prefix-map={R}=.", "-I{R}/inc", "-c", "{R}/a.c", "-o", "{R}/a.o"};
  EXPECT_TRUE(share(with("#include \"a.h\"\nint f(void) { return V; }\n")).is_hit());
}

TEST_F(Sharing, WarningsThatNameTheCheckout) {
  argv = {"gcc", "-Wall", "-ffile-prefix-map={R}=.", "-c", "{R}/a.c", "-o", "{R}/a.o"};
  EXPECT_TRUE(share({{"a.c", "int f(void) { int u; return 0; }\n"}}).is_hit());
}

TEST_F(Sharing, DepfileThatWrapsElsewhere) {
  Files files;
  for (int i = 0; i < 12; ++i) {
    files["inc/hhhhhhhh" + std::to_string(i) + ".h"] = "";
    files["a.c"] += "#include \"hhhhhhhh" + std::to_string(i) + ".h\"\n";
  }
  argv = {"gcc", "-MD", "-ffile-prefix-map={R}=.", "-I{R}/inc", "-c", "{R}/a.c", "-o", "{R}/a.o"};
  share(files, nullptr,
        "second/checkout/with/a/longer/name");  // a space in the name makes it a miss
}

// --- the checkout's name, spelled out in a file ---

TEST_F(Sharing, IncludeOfAnAbsoluteName) {
  argv = {"gcc", "-c", "a.c"};
  share(with("#include \"{1}/inc/a.h\"\nint f(void) { return V; }\n"), [&] { change_header(); });
}

TEST_F(Sharing, DepfileOfAnAbsoluteName) {
  argv = {"gcc", "-MD", "-c", "a.c"};
  share(with("#include \"{1}/inc/a.h\"\nint f(void) { return V; }\n"));
}

TEST_F(Sharing, IncbinOfAnAbsoluteName) {
  argv = {"gcc", "-c", "a.c"};
  share(
      {{"blob", "one"}, {"a.c", "__asm__(\".section .rodata\\n.incbin \\\"{1}/blob\\\"\\n\");\n"}},
      [&] { ws.write("p1/blob", "two"); });
}

TEST_F(Sharing, WarningThatQuotesAnAbsoluteName) {
  argv = {"gcc", "-c", "a.c"};
  share({{"a.c", "#warning \"see {1}/README\"\nint a;\n"}});
}

TEST_F(Sharing, WarningThatShowsALineWithAnAbsoluteName) {
  argv = {"gcc", "-Wall", "-c", "a.c"};
  share({{"a.c", "int f(void) { int u; /* {1}/x */ return 0; }\n"}});
}

TEST_F(Sharing, PreprocessedTextWithAnAbsoluteName) {
  argv = {"gcc", "-E", "a.c"};
  share({{"a.c", "const char *x = \"{1}/z\";\n"}});
}

// --- joined from an outer directory and a name in the source ---

TEST_F(Sharing, MacroThatNamesAFile) {
  argv = {"gcc", "-DH=\"{1}/inc/a.h\"", "-c", "a.c"};
  share(with("#include H\nint f(void) { return V; }\n"), [&] { change_header(); });
}

TEST_F(Sharing, HeaderDirectoryAboveTheCheckouts) {
  argv = {"gcc", "-I{W}", "-c", "a.c"};
  share(with("#include \"p1/inc/a.h\"\nint f(void) { return V; }\n"), [&] { change_header(); });
}

TEST_F(Sharing, VariableWithADirectoryAboveTheCheckouts) {
  argv = {"gcc", "-c", "a.c"};
  env = {"CPATH={W}"};
  share(with("#include \"p1/inc/a.h\"\nint f(void) { return V; }\n"), [&] { change_header(); });
}

TEST_F(Sharing, VariableWithTwoDirectories) {
  argv = {"gcc", "-c", "a.c"};
  env = {"CPATH={R}/none:{1}/inc"};
  share(with("#include \"a.h\"\nint f(void) { return V; }\n"), [&] { change_header(); });
}

TEST_F(Sharing, BuildDirectoryNamedInTheSource) {
  // One checkout, two build directories; the source directory is on the search path.
  const Argv compile = {"gcc", "-I" + ws.work(), "-c", "../a.c"};
  ws.write("a.c", "#include \"b1/gen.h\"\nint f(void) { return V; }\n");
  ws.write("b1/gen.h", "#define V 1\n");
  ws.write("b2/gen.h", "#define V 1\n");
  Command in_first{compile, {}};
  in_first.options.cwd = "b1";
  warm_up(ws, in_first, 1);
  ws.write("b1/gen.h", "#define V 2\n");
  Command in_second = in_first;
  in_second.options.cwd = "b2";
  const Verdict verdict = judge(ws, in_second);
  EXPECT_EQ(verdict.difference, "") << verdict.event;
}

// --- cut, mapped or computed ---

TEST_F(Sharing, MapOfADirectoryAboveTheCheckouts) {
  argv = {"gcc", "-ffile-prefix-map={W}=/src", "-c", "{R}/a.c", "-o", "{R}/a.o"};
  share({{"a.c", "const char *f = __FILE__;\n"}});
}

TEST_F(Sharing, MapThatCutsAName) {
  argv = {"gcc", "-g", "-ffile-prefix-map={W}/p=/q", "-c", "a.c"};
  share({{"a.c", "int a;\n"}});
}

TEST_F(Sharing, MapOfTheCheckoutInASecondBuildDirectory) {
  const Argv compile = {"gcc", "-g", "-ffile-prefix-map=" + ws.work() + "=.", "-c", "../a.c"};
  ws.write("a.c", "int a;\n");
  Command in_first{compile, {}};
  in_first.options.cwd = "b1";
  Command in_second{compile, {}};
  in_second.options.cwd = "b2";
  ws.make_directory("b1");
  ws.make_directory("b2");
  warm_up(ws, in_first, 1);
  const Verdict verdict = judge(ws, in_second);
  EXPECT_EQ(verdict.difference, "") << verdict.event;
}

TEST_F(Sharing, SystemHeaderWhoseRealNameIsShorter) {
  argv = {"gcc",      "-Wsystem-headers",
          "-isystem", "inc/../inc/../inc/../inc/../inc/../inc/../inc/../inc/../inc/../inc",
          "-c",       "a.c"};
  share({{"inc/s.h", "#warning \"hey\"\n"}, {"a.c", "#include <s.h>\nint a;\n"}}, nullptr,
        "a-checkout-with-a-name-so-long-that-the-real-name-of-the-header-is-no-longer-the-shorter-"
        "one");
}

// A wrapper that computes something from its working directory, which is in no output.
TEST_F(Sharing, ScriptsThatComputeFromTheWorkingDirectory) {
  const Files files = {{"a.c", "int length = LENGTH;\n"}};
  for (const char* length : {"$(pwd | wc -c)", "${#PWD}", "$(readlink -f . | wc -c)", "3"}) {
    ws.script("gcc",
              std::string("#!/bin/bash\nexec /usr/bin/gcc -DLENGTH=") + length + " \"$@\"\n");
    argv = {"gcc", "-c", "a.c", "-o", "a.o"};
    ws.deja({"purge", "--yes"});
    for (const char* checkout : {"p1", "a/second/one"}) ws.remove(checkout);
    const Verdict verdict = share(files, nullptr, "a/second/one");
    EXPECT_EQ(verdict.is_hit(), std::string(length) == "3") << length;
  }
}

// A variable with a path of the checkout moves along, but its length does not.
TEST_F(Sharing, ScriptsThatComputeFromAVariable) {
  const Files files = {{"a.c", "int length = LENGTH;\n"}};
  ws.script("gcc", "#!/bin/sh\nexec /usr/bin/gcc -DLENGTH=${#PATH} \"$@\"\n");
  argv = {"gcc", "-c", "a.c", "-o", "a.o"};
  env = {"PATH={R}/bin:" + ws.bin() + ":/usr/bin:/bin"};
  EXPECT_FALSE(share(files, nullptr, "a/second/one").is_hit());
}

// --- a mention of __FILE__ that cannot be used in a computation ---

TEST_F(Sharing, AssertionsOfTheToolchain) {
  const std::string uses =
      "#include <assert.h>\n#include <string>\n#include <vector>\n"
      "int f(std::vector<int>& v) { return v.size() > 3 ? v[2] : 1; }\n";
  for (const char* compiler : {"g++", "clang++"}) {
    argv = {compiler, "-O2", "-c", "{R}/a.cc", "-o", "a.o"};
    EXPECT_TRUE(share_again({{"a.cc", uses}}).is_hit()) << compiler;
    argv = {compiler, "-O2", "-DNDEBUG", "-c", "{R}/a.cc", "-o", "a.o"};
    EXPECT_TRUE(share_again({{"a.cc", uses + "void g(int x) { assert(x); }\n"}}).is_hit())
        << compiler;
    argv = {compiler, "-O2", "-c", "{R}/a.cc", "-o", "a.o"};
    EXPECT_FALSE(share_again({{"a.cc", uses + "void g(int x) { assert(x); }\n"}}).is_hit());
    argv = {compiler, "-O2", "-D_GLIBCXX_ASSERTIONS", "-c", "{R}/a.cc", "-o", "a.o"};
    share_again({{"a.cc", uses}});
  }
}

TEST_F(Sharing, AssertionsOfTheProject) {
  const Files files = {
      {"inc/check.h",
       "#ifdef NDEBUG\n#define CHECK(x) ((void)0)\n#else\nvoid fail(const char *, int);\n"
       "#define CHECK(x) ((x) ? (void)0 : fail(__FILE__, __LINE__))\n#endif\n/* __FILE__ */\n"},
      {"a.c", "#include \"check.h\"\nint f(int x) { CHECK(x); return x; }\n"},
      {"undef.h", "#undef NDEBUG\n"}};
  argv = {"gcc", "-DNDEBUG", "-I{R}/inc", "-c", "{R}/a.c", "-o", "a.o"};
  EXPECT_TRUE(share_again(files).is_hit());
  argv = {"gcc", "-I{R}/inc", "-c", "{R}/a.c", "-o", "a.o"};
  EXPECT_FALSE(share_again(files).is_hit());
  for (const char* undone : {"-UNDEBUG", "-include{R}/undef.h"}) {
    argv = {"gcc", "-DNDEBUG", undone, "-I{R}/inc", "-c", "{R}/a.c", "-o", "a.o"};
    EXPECT_FALSE(share_again(files).is_hit()) << undone;
  }
}

// --- attempts to compute from it anyway ---

constexpr const char* kHash =
    "constexpr unsigned hash(const char *p) { unsigned n = 0; while (*p) n = n * 31 + *p++; return "
    "n; }\n"
    "template <unsigned N> struct Number { static constexpr unsigned value = N; };\n";

TEST_F(Sharing, AnAssertionThatIsRedefined) {
  const std::string header = "#include <assert.h>\n" + std::string(kHash);
  for (const std::string source :
       {"#define __assert_fail(e, f, l, n) (x = Number<hash(f)>::value, (void)0)\nunsigned "
        "x;\nvoid g() { assert(0); }\n",
        "unsigned x = Number<hash(__ASSERT_FUNCTION ? __FILE__ : \"\")>::value;\n",
        "unsigned g() { return Number<hash(__extension__ __PRETTY_FUNCTION__)>::value; }\n",
        "constexpr unsigned __assert_fail(const char *, const char *f) { return hash(f); }\n"
        "unsigned x = Number<__assert_fail(\"\", __FILE__)>::value;\n"}) {
    argv = {"g++", "-std=c++17", "-c", "{R}/a.cc", "-o", "a.o"};
    share_again({{"a.cc", header + source}});
  }
}

// A comment in one language may be code in another.
TEST_F(Sharing, CodeThatLooksLikeAComment) {
  const Files files = {{"c89.c", "int n = 800 //**/ sizeof(__FILE__)\n;\n"},
                       {"d/*.h", "\n"},
                       {"name.c", "#include <d/*.h>\nint n = sizeof(__FILE__); /**/\n"},
                       {"split.c", "/\\\n/ /*\nint n = sizeof(__FILE__); /**/\n"},
                       {"raw.c",
                        "#define R\n#define x \"\"\n#define F(a)\n"
                        "int n = sizeof(F(R\"x(\" )x\"/*\" __FILE__ \"*/\");\n"}};
  for (const char* name : {"c89.c", "name.c", "split.c", "raw.c"}) {
    const char* const standard = std::string_view(name) == "split.c" ? "-std=c99" : "-std=c89";
    argv = {"gcc", standard, "-iquote", "{R}", "-I{R}", "-c", std::string("{R}/") + name,
            "-o",  "a.o"};
    const Verdict verdict = share_again(files);
    EXPECT_FALSE(verdict.is_hit()) << name;
  }
}

// Words and directives that are joined from several lines, or spelled in other ways.
TEST_F(Sharing, WordsThatAreSplit) {
  const std::string where = "int n = sizeof(__FILE__);\n";
  const std::string dead = "#ifndef NDEBUG\n" + where + "#endif\n";
  for (const std::string& text :
       {"#undef NDEB\\\nUG\n" + dead, "#undef NDEB\\ \n\\\nUG\n" + dead,
        "#define M 1 || 1\n#if !defined(NDEBUG) && M\n" + where + "#endif\n",
        "#if !defined(NDEBUG) /**/ || 1\n" + where + "#endif\n",
        "#define M || 1\n#if !defined(NDEBUG) && defined(X) M\n" + where + "#endif\n",
        "#ifndef NDEBUG\n%:endif\n" + where + "%:if 1\n#endif\n",
        "#ifndef NDEBUG\n#/**/endif\n" + where + "#/**/if 1\n#endif\n",
        "#ifndef G\n#define A \\\n#ifndef NDEBUG\n" + where + "#endif\n",
        std::string("#undef NDEBUG\n#include <assert.h>\n#define __assert_fa\\\nil(e, f, l, n) (x "
                    "= sizeof(f), (void)0)\nunsigned x; void g(void) { assert(0); }\n")}) {
    argv = {"gcc", "-DNDEBUG", "-O2", "-c", "{R}/a.c", "-o", "a.o"};
    EXPECT_FALSE(share_again({{"a.c", text}}).is_hit()) << text;
  }
}

// Macros that are expanded in another file than their own.
TEST_F(Sharing, MacrosThatMeasureTheirFile) {
  const Files headers = {
      {"inc/log.h",
       "#pragma once\n#define WHERE __FILE__\n#define LENGTH sizeof(WHERE)\n"
       "#define JOIN(a, b) a##b\n#define LIST(X) X(LENGTH) X(WHERE)\n#define NONE(x)\n"},
      {"inc/use.h", "#include \"log.h\"\nstatic const unsigned used = LENGTH;\n"},
      {"inc/self.h", "#ifndef AGAIN\n#define AGAIN\n#include WHERE\n#endif\n"}};
  for (const char* text :
       {"#include \"use.h\"\nunsigned n = used;\n",
        "#include \"log.h\"\nunsigned n = JOIN(LEN, GTH);\n",
        "#include \"log.h\"\n#define ONE(x) + sizeof(x)\nunsigned n = 0 LIST(ONE);\n",
        "#include \"log.h\"\n#include \"self.h\"\nunsigned n = sizeof(WHERE);\n",
        "#include \"log.h\"\nunsigned char n[LENGTH];\n",
        "#include \"log.h\"\nunsigned n = LIST(NONE) 1;\n"}) {
    Files files = headers;
    files["a.c"] = text;
    argv = {"gcc", "-DNDEBUG", "-O2", "-I{R}/inc", "-c", "{R}/a.c", "-o", "a.o"};
    share_again(files);
  }
}

// A function that looks like the toolchain's comes from a directory that the command line names.
TEST_F(Sharing, AnAssertionOfAnotherPackage) {
  const std::string outside = ws.base() + "/package";
  std::filesystem::create_directories(outside);
  ws.write(outside + "/check.h",
           std::string(kHash) +
               "constexpr unsigned __assert_fail(const char *f) { return hash(f); }\n"
               "#define CHECK() Number<__assert_fail(__FILE__)>::value\n");
  const Files files = {{"a.cc", "#include <check.h>\nunsigned x = CHECK();\n"}};
  argv = {"g++", "-std=c++17", "-isystem", outside, "-c", "{R}/a.cc", "-o", "a.o"};
  share_again(files);
  argv = {"g++", "-std=c++17", "-c", "{R}/a.cc", "-o", "a.o"};
  env = {"CPLUS_INCLUDE_PATH=" + outside};
  share_again(files);
}

TEST_F(Sharing, LengthsAndHashesOfEveryName) {
  const std::string head = std::string(kHash) + "#include <source_location>\n#include \"name.h\"\n";
  for (const std::string value :
       {"sizeof(__FILE__)", "hash(__builtin_FILE())",
        "hash(std::source_location::current().file_name())", "hash(__BASE_FILE__)", "hash(NAME)",
        "hash(NAME2)", "__INCLUDE_LEVEL__", "hash(WHERE)"}) {
    argv = {"g++",      "-std=c++20", "-DNDEBUG", "-DWHERE=__FILE__", "-I{R}/inc", "-c",
            "{R}/a.cc", "-o",         "a.o"};
    share_again({{"inc/name.h",
                  "#ifndef NDEBUG\n#define NAME \"\"\n#else\n#define NAME __FILE__\n#endif\n"
                  "#define NAME2 /* */ __FI\\\nLE__\n"},
                 {"a.cc", head + "unsigned x = Number<" + value + ">::value;\n"}});
  }
}

TEST_F(Sharing, ConstantComputedFromTheName) {
  argv = {"g++", "-c", "{R}/a.cc", "-o", "{R}/a.o"};
  share({{"a.cc",
          "constexpr unsigned f(const char *p = __builtin_FILE()) { unsigned n = 0; while (*p) n = "
          "n * 31 + "
          "*p++; return n; }\n"
          "constexpr unsigned v = f();\nunsigned x = v;\n"}});
}

TEST_F(Sharing, ConstantComputedFromAPastedName) {
  argv = {"g++", "-c", "{R}/a.cc", "-o", "{R}/a.o"};
  share({{"a.cc",
          "#define P(a, b) a##b\n"
          "constexpr unsigned f(const char *p) { unsigned n = 0; while (*p) n = n * 31 + *p++; "
          "return n; }\n"
          "constexpr unsigned v = f(P(__FI, LE__));\nunsigned x = v;\n"}});
}

TEST_F(Sharing, ConstantComputedFromTheNameOfAType) {
  NEEDS_TOOL("clang");
  argv = {"clang++", "-std=c++17", "-ffile-prefix-map={R}=.", "-c", "{R}/a.cc", "-o", "{R}/a.o"};
  share(
      {{"a.cc",
        "template <class T> constexpr unsigned hash() {\n"
        "  unsigned h = 0;\n  for (char c : __PRETTY_FUNCTION__) h = h * 31 + c;\n  return h;\n}\n"
        "auto unnamed = [] {};\n"
        "template <unsigned N> struct Number { static constexpr unsigned value = N; };\n"
        "unsigned v = Number<hash<decltype(unnamed)>()>::value;\n"}});
}

// clang writes the MD5 of the preprocessor's output, and no prefix map changes the names in that.
TEST_F(Sharing, DigestOfPreprocessedAssembly) {
  NEEDS_TOOL("clang-19");  // older ones do not map the working directory here
  const Files files = {{"inc/a.h", "#define A 1\n"}, {"a.S", "#include \"a.h\"\n.byte A\n"}};
  argv = {"clang-19", "-g", "-ffile-prefix-map={R}=.", "-Iinc", "-c", "{R}/a.S", "-o", "{R}/a.o"};
  EXPECT_FALSE(share_again(files).is_hit());
  argv = {"clang-19", "-g", "-ffile-prefix-map={R}=.", "-I{R}/inc", "-c", "a.S", "-o", "a.o"};
  EXPECT_FALSE(share_again(files).is_hit());
  argv = {"clang-19", "-g", "-ffile-prefix-map={R}=.", "-Iinc", "-c", "a.S", "-o", "a.o"};
  const Verdict verdict = share_again(files);
  EXPECT_TRUE(verdict.is_hit()) << verdict.event;
}

// The pattern is searched for in the real name, whatever the map does.
TEST_F(Sharing, PatternOfNamesToLeaveOut) {
  argv = {"gcc",
          "-finstrument-functions",
          "-finstrument-functions-exclude-file-list=p1/",
          "-ffile-prefix-map={R}=.",
          "-c",
          "{R}/a.c",
          "-o",
          "{R}/a.o"};
  share(with("int f(void) { return 1; }\n"));
}

TEST_F(Sharing, Links) {
  argv = {"gcc", "a.c", "b.c", "-o", "program"};
  EXPECT_TRUE(share({{"a.c", "int f(void);\nint main(void) { return f(); }\n"},
                     {"b.c", "int f(void) { return 0; }\n"}})
                  .is_hit());
}

TEST_F(Sharing, LinkWithAnAbsoluteRunPath) {
  argv = {"gcc", "a.c", "-Wl,-rpath,{R}/lib", "-o", "program"};
  share({{"a.c", "int main(void) { return 0; }\n"}});
}

TEST_F(Sharing, LinkThatCompiles) {
  argv = {"gcc", "-flto", "-g", "{R}/a.c", "-o", "program"};
  share({{"a.c", "#include <assert.h>\nint main(int c, char **v) { assert(c); return 0; }\n"}});
}

TEST_F(Sharing, CompressedDebugInformation) {
  argv = {"gcc", "-g", "-gz", "-c", "a.c"};
  share({{"a.c", "int a;\n"}});
}

TEST_F(Sharing, SectionsCompressedByASpecsFile) {
  argv = {"gcc", "-specs=s", "-c", "a.c"};
  share(
      {{"s", "*cc1_options:\n+ -g\n\n*asm_options:\n+ --compress-debug-sections=zlib\n\n"},
       {"a.c",
        "int f(int x) { return x > 3 ? x * 2 : 1; }\nint g(int y) { return f(y) + f(y + 1); }\n"}});
}

TEST_F(Sharing, DependenciesPrintedWithOtherLineBreaks) {
  argv = {"gcc", "-M", "{R}/a.c"};
  share(with("#include \"inc/a.h\"\n"), nullptr,
        "second/checkout/with/a/much/longer/name/than/the/first/one/had");
}

TEST_F(Sharing, DependencyTargetPrinted) {
  argv = {"gcc", "-MM", "-MT", "{R}/q.o", "a.c"};
  share(with("#include \"inc/a.h\"\n"), nullptr,
        "second/checkout/with/a/much/longer/name/than/the/first/one/had");
}

TEST_F(Sharing, Bitcode) {
  NEEDS_TOOL("clang-19");
  argv = {"clang-19", "-g", "-flto", "-c", "a.c"};
  share({{"a.c", "int a;\n"}});
}

}  // namespace
}  // namespace deja::test
