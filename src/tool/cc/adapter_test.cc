// SPDX-License-Identifier: Apache-2.0
// What the adapter promises about real compilers, checked with every compiler that is installed.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tool/cc/ada.h"
#include "tool/cc/native.h"
#include "tool/cc/test_command.h"
#include "tool/cc/test_compiler.h"
#include "tool/tool.h"

namespace deja::tool::cc {
namespace {

using Words = std::vector<std::string>;

TEST(CcAdapter, KnowsDriversByName) {
  for (const char* name : {"gcc",
                           "g++",
                           "cc",
                           "c++",
                           "clang",
                           "clang++",
                           "c89",
                           "c99",
                           "gcc-12",
                           "g++-12.2.0",
                           "clang-19",
                           "clang19",
                           "aarch64-linux-gnu-gcc-12",
                           "x86_64-w64-mingw32-g++",
                           "x86_64-w64-mingw32-gcc-win32",
                           "/usr/bin/gcc",
                           "afl-gcc",
                           "musl-gcc",
                           "c99-gcc",
                           "cpp",
                           "clang-cpp",
                           "gfortran",
                           "aarch64-linux-gnu-gfortran-13",
                           "gnatgcc",
                           "gccgo-12",
                           "gdc"})
    EXPECT_NE(find_adapter(name), nullptr) << name;
  for (const char* name : {"clang-tidy", "clang-format", "clang-cl", "gcc-ar", "gcc-nm",
                           "gcc-ranlib-12", "gcov", "cc1", "cc1plus", "cppcheck", "ccache",
                           "distcc", "icc", "gcc-", "-gcc", "gnatmake", "gcc-12-x", "", "/"})
    EXPECT_NE(find_adapter(name), &cc_adapter()) << name;
}

TEST(CcAdapter, IsFoundByALinkUnlessTheNameDecides) {
  for (const char* name : {"my-cc", "cc1000", "conftest-compiler"}) {
    EXPECT_EQ(find_adapter_by_link(name, "x86_64-linux-gnu-gcc-12"), &cc_adapter()) << name;
    EXPECT_EQ(find_adapter_by_link(name, "clang-19"), &cc_adapter()) << name;
    EXPECT_EQ(find_adapter_by_link(name, "x86_64-linux-gnu-ar"), &job_adapter()) << name;
    for (const char* other : {"python3", "llvm-ar", "lld", "ld.lld", "rustc"})
      EXPECT_EQ(find_adapter_by_link(name, other), nullptr) << name << other;
  }
  for (const char* name : {"clang-cl", "my-cl", "cl", "my-cpp", "clang-cl-19", "cpp-x", "mine++-4",
                           "flang", "clang-dxc"})
    EXPECT_EQ(find_adapter_by_link(name, "clang-19"), nullptr) << name;
}

TEST(Ada, TimeIsToldToWhoCallsItByItsName) {
  for (const char* text : {"X : String := Compilation_Date;", "gnat.source_info.COMPILATION_TIME",
                           "Compilation_ISO_Date", "[\"43\"]ompilation_Date", "-gnateDX=Date",
                           "-gnatep=x.def", "Compiled at: 2026-11-29 06:28:49\n"})
    EXPECT_TRUE(gnat_timekeeper.may_tell(text)) << text;
  for (const char* text :
       {"", "procedure P is begin null; end P;", "-gnatwa", "Compilation : Date"})
    EXPECT_FALSE(gnat_timekeeper.may_tell(text)) << text;
}

TEST(CcAdapter, SaysWhatDoesNotMatter) {
  for (const char* name : {"TERM", "MAKEFLAGS", "COLUMNS", "NO_COLOR", "TMPDIR", "TEMP"})
    EXPECT_EQ(cc_adapter().variable_use(name, "cc1"), VariableUse::ignored) << name;
  for (const char* name : {"LANG", "GCC_COLORS", "SOURCE_DATE_EPOCH", "GCC_EXEC_PREFIX", ""})
    EXPECT_EQ(cc_adapter().variable_use(name, "cc1"), VariableUse::value) << name;
  for (const char* name : {"CPATH", "LIBRARY_PATH", "COMPILER_PATH"}) {
    EXPECT_EQ(cc_adapter().variable_use(name, "cc1"), VariableUse::listed) << name;
    EXPECT_EQ(cc_adapter().variable_use(name, "a-script"), VariableUse::value) << name;
  }
}

TEST(CcAdapter, SaysWhoOnlySearchesInPath) {
  for (const char* program : {"x86_64-linux-gnu-gcc-12", "clang-14", "collect2", "ld.gold", "as"})
    EXPECT_EQ(cc_adapter().variable_use("PATH", program), VariableUse::searched) << program;
  for (const char* program : {"sh", "python3.11", "my-plugin", ""})
    EXPECT_EQ(cc_adapter().variable_use("PATH", program), VariableUse::value) << program;
  for (const char* program : {"cc1plus", "f951", "gnat1", "go1", "d21"})
    EXPECT_EQ(cc_adapter().variable_use("PWD", program), VariableUse::directory) << program;
  EXPECT_EQ(cc_adapter().variable_use("PWD", "bash"), VariableUse::value);
}

TEST(CpuIdentity, KeepsWhatCompilersAskForOfEveryKindOfProcessor) {
  const std::string one = "processor\t: 0\nvendor_id\t: X\ncpu MHz\t: 1.5\nflags\t\t: sse avx\n\n";
  const std::string two = "processor\t: 1\nvendor_id\t: X\ncpu MHz\t: 2.5\nflags\t\t: sse avx\n\n";
  const std::string other = "processor\t: 2\nvendor_id\t: X\nflags\t\t: sse\n";
  EXPECT_EQ(cpu_identity_text(one), "vendor_id\t: X\nflags\t\t: sse avx\n\n");
  EXPECT_EQ(cpu_identity_text(one + two), cpu_identity_text(two));
  EXPECT_NE(cpu_identity_text(one + other), cpu_identity_text(one));
  EXPECT_EQ(cpu_identity_text(""), "");
  EXPECT_TRUE(cpu_identity());
}

// Removes "SGR" and "erase to the end of the line", the only sequences that gcc and clang write.
std::string without_colours(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.starts_with("\x1b[") ? text.find_first_of("mK") : text.npos;
    if (end == text.npos) out.push_back(text.front());
    text.remove_prefix(end == text.npos ? 1 : end + 1);
  }
  return out;
}

Invocation classify_in(const TestDirectory& directory, const Words& argv,
                       const Options& options = {}) {
  Command command;
  command.tool = "/usr/bin/" + argv[0];
  command.argv.assign(argv.begin(), argv.end());
  command.cwd = directory.path();
  command.environment = {{"TERM", "xterm"}};
  const Classified classified = cc_adapter().classify(command, options);
  if (const auto* bypass = std::get_if<Bypass>(&classified)) {
    ADD_FAILURE() << bypass_name(bypass->reason) << ": " << bypass->detail;
    return {};
  }
  return std::get<Invocation>(classified);
}

// All files of the directory: name and bytes.
std::map<std::string, std::string> snapshot(const TestDirectory& directory) {
  std::map<std::string, std::string> files;
  for (const std::string& name : directory.files()) files[name] = directory.read(name);
  return files;
}

void write_sources(const TestDirectory& directory) {
  directory.write("h.h", "static inline int twice(int x) { return 2 * x; }\n");
  directory.write(
      "a.c",
      "#include \"h.h\"\nint f(int x) { int unused; if (x = 1) return twice(x); return 2; }\n");
  directory.write(
      "a.cc", "template <class T> T f(T x) { int unused; return x; }\nint g() { return f(1); }\n");
  directory.write("s.S", "#define A nop\n.text\nf: A\n A\n");
  directory.write("p.s", ".text\nf: nop\n.warning \"careful\"\n");
  directory.write("bad.c", "int f(void) { return g }\n");
}

class WithCompiler : public testing::TestWithParam<std::string> {
 protected:
  Words argv(Words rest) const {
    rest.insert(rest.begin(), GetParam());
    return rest;
  }
};
INSTANTIATE_TEST_SUITE_P(Compilers, WithCompiler, testing::ValuesIn(installed_compilers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WithCompiler);

const std::vector<Words> kCalls = {
    {"-c", "-Wall", "a.c"},
    {"-c", "-Wall", "-g", "-O2", "a.c", "-o", "x.o"},
    {"-c", "-Wall", "-g", "-grecord-gcc-switches", "a.c"},
    {"-c", "-Wall", "-frecord-gcc-switches", "a.c"},
    {"-c", "-Wall", "-g", "-gsplit-dwarf", "a.c", "-o", "x.o"},
    {"-c", "-Wall", "-g", "-MD", "-MP", "-MF", "x.d", "a.c"},
    {"-S", "-Wall", "-fverbose-asm", "-g", "a.c"},
    {"-E", "-dD", "-Wall", "a.c", "-o", "x.i"},
    {"-M", "-Wall", "a.c"},
    {"-fsyntax-only", "-Wall", "a.c"},
    {"-c", "-Wall", "-save-temps", "-g", "a.c"},
    {"-c", "-Wall", "-flto", "-frandom-seed=1", "a.c"},
    {"-c", "-Wall", "-fstack-usage", "a.c"},
    {"-c", "-Wall", "-fmessage-length=50", "a.c"},
    {"-c", "-Wall", "-fdiagnostics-color=never", "a.c"},
    {"-c", "-Wall", "-x", "c++", "a.cc"},
    {"-c", "-Wall", "-Wextra", "-g", "s.S"},
    {"-c", "-Wall", "-Werror", "p.s"},
    {"-c", "bad.c"},
    {"-c", "-fno-such-option", "a.c"},
    {"-c", "-Wno-such-warning", "-Wall", "a.c"},
};

TEST_P(WithCompiler, ForcedColoursChangeNothingButColours) {
  bool coloured = false;
  const TestDirectory directory("w");
  for (const Words& call : kCalls) {
    directory.clear();
    write_sources(directory);
    const Invocation invocation = classify_in(directory, argv(call));
    const CompilerRun plain = directory.run(argv(call));
    const auto plain_files = snapshot(directory);
    directory.clear();
    write_sources(directory);
    const CompilerRun forced = directory.run(invocation.run.argv);
    EXPECT_EQ(plain.exit_code, forced.exit_code) << testing::PrintToString(call);
    EXPECT_EQ(plain.standard_output, forced.standard_output) << testing::PrintToString(call);
    EXPECT_EQ(plain.standard_error, without_colours(forced.standard_error))
        << testing::PrintToString(call);
    EXPECT_TRUE(snapshot(directory) == plain_files) << testing::PrintToString(call);
    coloured |= plain.standard_error != forced.standard_error;
  }
  EXPECT_TRUE(coloured);
}

// VariableUse::ignored holds for every variable and every kind of output.
TEST_P(WithCompiler, IgnoredVariablesLeaveNoTrace) {
  const std::vector<Words> environments = {
      {},
      {"TMPDIR=@/one", "COLUMNS=20", "NO_COLOR=1", "TERM=dumb",
       "MAKEFLAGS= -j2 --jobserver-auth=3,4"},
      {"TMP=@/one/two", "TEMP=@/one", "TEMPDIR=@/one", "COLORTERM=truecolor", "TERM=linux", "bar=1",
       "CLANG_CRASH_DIAGNOSTICS_DIR=@/one"},
  };
  const std::vector<Words> calls = {
      {"-c", "-Wall", "-g", "a.c"},
      {"-c", "-g", "s.S"},
      {"-c", "-g", "p.s"},
      {"-c", "-g", "-save-temps", "a.c"},
      {"-c", "-g", "-gsplit-dwarf", "a.c"},
      {"-c", "-g", "-save-temps=obj", "s.S", "-o", "x.o"},
      {"-E", "a.c"},
      {"-c", "-g", "-flto", "-frandom-seed=1", "a.c"},
  };
  for (const Words& call : calls) {
    std::map<std::string, std::string> first_files;
    CompilerRun first;
    const TestDirectory directory("w");
    for (Words environment : environments) {
      write_sources(directory);
      directory.write("one/two/keep", "");
      for (std::string& variable : environment)
        if (const std::size_t at = variable.find('@'); at != variable.npos)
          variable.replace(at, 1, directory.path());
      const CompilerRun run =
          directory.run(classify_in(directory, argv(call)).run.argv, environment);
      const auto files = snapshot(directory);
      if (first_files.empty()) {
        first_files = files;
        first = run;
      }
      EXPECT_EQ(run.exit_code, 0);
      EXPECT_TRUE(files == first_files) << testing::PrintToString(call);
      EXPECT_EQ(run.standard_error, first.standard_error) << testing::PrintToString(call);
      EXPECT_EQ(run.standard_output, first.standard_output) << testing::PrintToString(call);
    }
  }
}

// __DATE__ and __TIME__ come from time(); the other clocks do not reach an output.
TEST_P(WithCompiler, OnlyTimeIsPutIntoOutputs) {
  const TestDirectory directory("w");
  directory.write("fake.c",
                  "#include <sys/time.h>\n#include <time.h>\n"
                  "#ifdef FAKE_TIME\ntime_t time(time_t *t) { if (t) *t = 1000000000; return "
                  "1000000000; }\n#else\n"
                  "int gettimeofday(struct timeval *restrict t, void *restrict z) { (void)z; "
                  "t->tv_sec = 1000000000; "
                  "t->tv_usec = 7; return 0; }\n"
                  "int clock_gettime(clockid_t c, struct timespec *t) { (void)c; t->tv_sec = "
                  "1000000000; t->tv_nsec = 7; "
                  "return 0; }\n#endif\n");
  directory.write("a.c", "const char when[] = __DATE__ __TIME__;\n");
  directory.write("b.c", "static int x; int f(void) { static int y; return x + ++y; }\n");
  ASSERT_EQ(
      directory.run({GetParam(), "-shared", "-fPIC", "-DFAKE_TIME", "fake.c", "-o", "time.so"})
          .exit_code,
      0);
  ASSERT_EQ(directory.run({GetParam(), "-shared", "-fPIC", "fake.c", "-o", "clocks.so"}).exit_code,
            0);
  const Words preprocess = argv({"-E", "-P", "a.c"});
  const std::string with_time =
      directory.run(preprocess, {"TZ=UTC", "LD_PRELOAD=" + directory.path() + "/time.so"})
          .standard_output;
  const std::string with_clocks =
      directory.run(preprocess, {"TZ=UTC", "LD_PRELOAD=" + directory.path() + "/clocks.so"})
          .standard_output;
  EXPECT_NE(with_time.find("\"Sep  9 2001\" \"01:46:40\""), with_time.npos) << with_time;
  EXPECT_EQ(with_clocks.find("2001"), with_clocks.npos) << with_clocks;
  const Words compile = argv({"-c", "-g", "-O2", "b.c", "-o", "b.o"});
  ASSERT_EQ(directory.run(compile).exit_code, 0);
  const std::string now = directory.read("b.o");
  ASSERT_EQ(directory.run(compile, {"LD_PRELOAD=" + directory.path() + "/clocks.so"}).exit_code, 0);
  EXPECT_TRUE(directory.read("b.o") == now);
  EXPECT_TRUE(cc_adapter().clock_matters(1));   // DEJA_CLOCK_TIME
  EXPECT_FALSE(cc_adapter().clock_matters(2));  // DEJA_CLOCK_REALTIME
  EXPECT_FALSE(cc_adapter().clock_matters(3));  // DEJA_CLOCK_MONOTONIC
  EXPECT_TRUE(cc_adapter().clock_matters(99));
}

TEST_P(WithCompiler, DepfilesAreWhereTheAdapterSaysTheyAre) {
  const std::vector<Words> calls = {
      {"-MD", "-c", "s/a.b.c"},
      {"-MMD", "-c", "s/a.b.c", "-o", "o/q.x.o"},
      {"-MMD", "-c", "s/a.b.c", "-o", "o/q"},
      {"-MMD", "-c", "s/a.b.c", "-o", "o.d/q"},
      {"-MMD", "-c", "s/a.b.c", "-o", "o/.o"},
      {"-MMD", "-S", "s/a.b.c"},
      {"-MMD", "-E", "s/a.b.c", "-o", "o/q.i"},
      {"-MMD", "-c", "s/a.b.c", "-MF", "o/x.dep"},
      {"-Wp,-MMD,o/x.dep", "-c", "s/a.b.c"},
      {"-M", "s/a.b.c", "-o", "o/x.dep"},
      {"-MM", "s/a.b.c", "-MF", "o/x.dep"},
  };
  for (const Words& call : calls) {
    const TestDirectory directory("w");
    directory.write("s/a.b.c", "int x;\n");
    directory.write("o/keep", "");
    directory.write("o.d/keep", "");
    const Invocation invocation = classify_in(directory, argv(call));
    ASSERT_EQ(directory.run(invocation.run.argv).exit_code, 0) << testing::PrintToString(call);
    ASSERT_EQ(invocation.outputs.depfiles.size(), 1U) << testing::PrintToString(call);
    EXPECT_NE(directory.read(invocation.outputs.depfiles[0]).find("s/a.b.c"), std::string::npos)
        << testing::PrintToString(call);
  }
}

// portable: two checkouts give the same object, and the names in it are relative to the root.
TEST_P(WithCompiler, PortableObjectsAreTheSameInEveryCheckout) {
  std::string first;
  for (const char* name : {"checkout", "another/place"}) {
    const TestDirectory directory(name);
    directory.write("src/a.c", "#include \"a.h\"\nconst char *where(void) { return __FILE__; }\n");
    directory.write("src/a.h", "static inline const char *here(void) { return __FILE__; }\n");
    const Words words =
        argv({"-c", "-g", directory.path() + "/src/a.c", "-o", directory.path() + "/a.o"});
    const Options options{.portable = true, .portable_roots = {directory.path()}};
    ASSERT_EQ(directory.run(classify_in(directory, words, options).run.argv).exit_code, 0);
    const std::string object = directory.read("a.o");
    EXPECT_EQ(object.find(directory.path()), object.npos);
    EXPECT_NE(object.find("./src/a.c"), object.npos);
    if (first.empty()) first = object;
    EXPECT_TRUE(object == first);
  }
}

// The root's own bytes are all that an object without portable has of it; see options.cc for what
// hides them.
TEST_P(WithCompiler, ResponseFilesAreReadFromTheDirectoryOfTheCommand) {
  const TestDirectory directory("w");
  directory.write("a.rsp", "-MMD -c 'a.c'\n");
  directory.write("a.c", "int x;\n");
  const Invocation invocation = classify_in(directory, argv({"@a.rsp", "-o", "x.o"}));
  EXPECT_EQ(invocation.identity.what, "a.c");
  EXPECT_EQ(invocation.outputs.depfiles, Words{directory.path() + "/x.d"});
  EXPECT_EQ(invocation.run.argv, argv({"-fdiagnostics-color=always", "@a.rsp", "-o", "x.o"}));
  ASSERT_EQ(directory.run(invocation.run.argv).exit_code, 0);
  EXPECT_EQ(directory.read("x.d"), "x.o: a.c\n");
}

}  // namespace
}  // namespace deja::tool::cc
