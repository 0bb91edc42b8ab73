// SPDX-License-Identifier: Apache-2.0
// More real tools, compared with `strace -f` as in strace_test.cc: rustc, linkers, binutils,
// generators, cmake -E, scripts.
#include <filesystem>

#include "base/path.h"
#include "observe/testing/strace_fixture.h"

namespace deja::observe {
namespace {

using testing::find_tool;
using testing::StraceTest;
using testing::ToolRun;

class StraceRust : public StraceTest, public ::testing::WithParamInterface<std::string> {
 protected:
  static std::string name() { return std::string(base_name(parent_path(parent_path(GetParam())))); }
};

// The compilers themselves: rustup's program in PATH only starts one of them.
std::vector<std::string> rustcs() {
  std::vector<std::string> out;
  const char* home = getenv("HOME");
  const std::filesystem::path toolchains =
      std::filesystem::path(home == nullptr ? "/" : home) / ".rustup/toolchains";
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(toolchains, none))
    if (std::filesystem::exists(entry.path() / "bin/rustc"))
      out.push_back((entry.path() / "bin/rustc").string());
  if (const std::string debian = find_tool("rustc"); !debian.empty()) out.push_back(debian);
  if (out.empty()) out.push_back("rustc");
  return out;
}

TEST_P(StraceRust, LibraryProgramAndMacro) {
  const std::string rustc = GetParam();
  if (!rustc.starts_with('/')) GTEST_SKIP() << "NOT TESTED: rustc is not installed";
  write("l.rs", "pub fn one() -> i32 { include_str!(\"a.h\").len() as i32 }\n");
  write("p.rs",
        "extern crate proc_macro;\nuse proc_macro::TokenStream;\n#[proc_macro]\npub fn two(_: "
        "TokenStream) -> TokenStream { \"2\".parse().unwrap() }\n");
  write("b.rs",
        "mod m;\nfn main() { println!(\"{} {} {:?}\", l::one(), p::two!(), option_env!(\"X\")); "
        "m::f(); }\n");
  write("m.rs", "pub fn f() {}\n");
  write_sources();
  const std::string label = "rustc (" + name() + ") ";
  const ToolRun run = compare(
      {rustc, "--crate-type", "lib", "--emit=link,metadata,dep-info", "-Cincremental=inc", "l.rs"},
      label + "lib");
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("a.h")));
  compare({rustc, "--crate-type", "staticlib", "-Copt-level=2", "-Clto", "l.rs"},
          label + "staticlib");
  compare({rustc, "--crate-type", "proc-macro", "p.rs"}, label + "proc-macro");
  const ToolRun link =
      compare({rustc, "-g", "-L", ".", "--extern", "l=libl.rlib", "--extern", "p=libp.so", "b.rs"},
              label + "bin");
  EXPECT_TRUE(link.has(DEJA_OP_LIBRARY, at("libp.so")));
  EXPECT_TRUE(link.has(DEJA_OP_STAT, at("m/mod.rs"), ENOENT) ||
              link.has(DEJA_OP_OPEN, at("m/mod.rs"), ENOENT));
}
INSTANTIATE_TEST_SUITE_P(Compilers, StraceRust, ::testing::ValuesIn(rustcs()));

class StraceLinker : public StraceTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(StraceLinker, Link) {
  REQUIRE_TOOL(GetParam());
  REQUIRE_TOOL("gcc");
  write_sources();
  ASSERT_EQ(
      run({find_tool("gcc"), "-c", "-fPIC", "a.c", "-o", "a.o"}, {.observed = false}).exit_code, 0);
  std::string libc =
      run({find_tool("gcc"), "-print-file-name=libc.so"}, {.observed = false}).output;
  const std::string directory(parent_path(libc));
  const ToolRun made = compare(
      {find_tool(GetParam()), "-o", "a", "-e", "main", "-Labsent", "-L" + directory, "a.o", "-lc"},
      GetParam());
  EXPECT_TRUE(made.has(DEJA_OP_OPEN, at("absent/libc.so"), ENOENT) ||
              made.has(DEJA_OP_STAT, at("absent/libc.so"), ENOENT) ||
              made.has(DEJA_OP_LIST, at("absent"), ENOENT));  // gold lists its directories
  write("version.map", "{ global: main; local: *; };\n");
  write("objects", "a.o\n");
  compare(
      {find_tool(GetParam()), "-shared", "-o", "a.so", "--version-script=version.map", "@objects"},
      GetParam() + " -shared");
}
INSTANTIATE_TEST_SUITE_P(Linkers, StraceLinker,
                         ::testing::Values("ld.bfd", "ld.gold", "ld.lld", "ld.lld-19"));

TEST_F(StraceTest, As) {
  REQUIRE_TOOL("as");
  make_directory("d");
  write("a.s", ".include \"b.s\"\n.incbin \"data\"\n");
  write("d/b.s", "nop\n");
  write("data", "x");
  const ToolRun run = compare({find_tool("as"), "-Id", "-o", "a.o", "--MD", "a.d", "a.s"});
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("data")));
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("d/b.s")));
}

TEST_F(StraceTest, Ar) {
  REQUIRE_TOOL("ar");
  REQUIRE_TOOL("ranlib");
  REQUIRE_TOOL("as");
  for (const std::string name : {"a", "b", "c"}) {
    write(name + ".s", ".globl " + name + "\n" + name + ": nop\n");
    run({find_tool("as"), "-o", name + ".o", name + ".s"}, {.observed = false});
  }
  const std::string ar = find_tool("ar");
  compare({ar, "qc", "lib.a", "a.o", "b.o"}, "ar, made");
  compare({find_tool("ranlib"), "lib.a"});
  compare({ar, "rcs", "lib.a", "b.o", "c.o"}, "ar, replaced");
  compare({ar, "rcsT", "thin.a", "a.o", "b.o"}, "ar, thin");
  compare({ar, "d", "lib.a", "a.o"}, "ar, deleted");
  ASSERT_EQ(unlink(at("b.o").c_str()), 0);
  compare({ar, "xo", "lib.a"}, "ar, extracted");
  EXPECT_NE(read("b.o"), "");
}

TEST_F(StraceTest, Protoc) {
  REQUIRE_TOOL("protoc");
  make_directory("in/x");
  make_directory("out");
  write("in/x/a.proto", "syntax = \"proto3\";\nimport \"x/b.proto\";\nmessage A { x.B b = 1; }\n");
  write("in/x/b.proto", "syntax = \"proto3\";\npackage x;\nmessage B { int32 i = 1; }\n");
  const ToolRun run = compare({find_tool("protoc"), "-Iabsent", "-Iin", "--cpp_out=out",
                               "--dependency_out=out/d", "x/a.proto"});
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("in/x/b.proto")));
}

TEST_F(StraceTest, CmakeE) {
  REQUIRE_TOOL("cmake");
  write("a", "text");
  make_directory("d/e");
  const std::string cmake = find_tool("cmake");
  const std::vector<std::vector<std::string>> commands = {
      {"copy", "a", "b"},
      {"copy_if_different", "a", "b"},
      {"copy_directory", "d", "d2"},
      {"touch", "t"},
      {"touch", "t"},
      {"touch_nocreate", "absent"},
      {"tar", "czf", "x.tgz", "a", "d"},
      {"rename", "b", "c"},
      {"make_directory", "m/n/o"},
      {"cat", "a", "c"},
      {"env", "X=1", cmake, "-E", "echo", "x"},
      {"compare_files", "a", "c"},
      {"create_symlink", "a", "s"},
      {"create_hardlink", "a", "h"},
      {"sha256sum", "a"},
      {"chdir", "d", cmake, "-E", "touch", "in-d"},
      {"rm", "-f", "c", "absent"},
      {"rm", "-rf", "m"},
      {"tar", "xzf", "x.tgz"},
  };
  for (const auto& arguments : commands) {
    std::vector<std::string> command = {cmake, "-E"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    SCOPED_TRACE(arguments[0]);
    compare(command,
            "cmake -E " + arguments[0] + (arguments[0] == "tar" ? " " + arguments[1] : ""));
  }
}

TEST_F(StraceTest, ClangTidy) {
  REQUIRE_TOOL("clang-tidy-19");
  write_sources();
  const ToolRun run = compare(
      {find_tool("clang-tidy-19"), "--checks=-*,bugprone-*", "--quiet", "a.c", "--", "-I."});
  EXPECT_TRUE(run.has(DEJA_OP_OPEN, at("a.h")));
}

TEST_F(StraceTest, Flex) {
  REQUIRE_TOOL("flex");
  write("a.l", "%option noyywrap\n%%\n[a-z]+ ;\n%%\n");
  compare({find_tool("flex"), "-o", "a.c", "--header-file=a.h", "a.l"});
}

TEST_F(StraceTest, Bison) {
  REQUIRE_TOOL("bison");
  write("a.y", "%{\nint yylex(void);\nvoid yyerror(const char *s);\n%}\n%%\nall: 'a' ;\n");
  compare({find_tool("bison"), "-d", "-v", "-o", "a.c", "a.y"});
}

TEST_F(StraceTest, Perl) {
  REQUIRE_TOOL("perl");
  write_sources();
  write("x.pl",
        "use strict; use File::Find; use File::Temp; use File::Copy; use Cwd 'abs_path';\n"
        "open(my $f, '<', 'a.h') or die; my @l = <$f>; close $f;\n"
        "find(sub {}, '.'); my @c = glob('*.c'); my @s = stat('a.c'); -e 'absent';\n"
        "my ($t, $n) = File::Temp::tempfile(DIR => '.', UNLINK => 1); print $t 'x'; close $t;\n"
        "copy('a.h', 'copy'); rename 'copy', 'moved'; chmod 0600, 'moved'; utime 1, 1, 'moved';\n"
        "symlink 'moved', 'soft'; readlink 'soft'; abs_path('soft'); mkdir 'd'; rmdir 'd';\n"
        "system('cat', 'a.h'); my $o = `cat a.h | sort`; truncate 'moved', 1; unlink 'moved';\n"
        "opendir(my $d, '.'); readdir $d; closedir $d; exec 'cat', 'a.h';\n");
  compare({find_tool("perl"), "x.pl"});
}

TEST_F(StraceTest, Node) {
  REQUIRE_TOOL("node");
  write_sources();
  write("m.js", "module.exports = 1;\n");
  write("x.js",
        "const fs = require('fs'), cp = require('child_process'); require('./m');\n"
        "fs.readFileSync('a.h'); fs.readdirSync('.'); fs.existsSync('absent'); fs.statSync('.');\n"
        "fs.mkdirSync('d/e', {recursive: true}); fs.copyFileSync('a.h', 'd/e/c');\n"
        "fs.renameSync('d/e/c', 'moved'); fs.symlinkSync('moved', 'soft'); "
        "fs.readlinkSync('soft');\n"
        "fs.realpathSync('soft'); fs.realpathSync.native('soft'); fs.chmodSync('moved', 0o600);\n"
        "fs.utimesSync('moved', 1, 1); fs.truncateSync('moved', 1); fs.mkdtempSync('t-');\n"
        "cp.execFileSync('cat', ['a.h']); cp.execSync('cat a.h; exit 0');\n"
        "try { require('absent'); } catch (e) {}\n"
        "(async () => { const p = fs.promises; await p.readFile('a.c'); await p.stat('b.cc');\n"
        "await p.readdir('d'); await p.writeFile('w', 'x'); await p.access('w');\n"
        "await p.rm('d', {recursive: true}); await p.unlink('moved'); })();\n");
  compare({find_tool("node"), "x.js"});
}

}  // namespace
}  // namespace deja::observe
