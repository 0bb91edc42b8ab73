// SPDX-License-Identifier: Apache-2.0
// Real tools with `deja exec`: a miss, a hit, and a miss after a change of something that they
// read. Each must leave what the tool without deja leaves.
#include <unistd.h>

#include <filesystem>

#include "e2e/exec.h"

namespace deja::test {
namespace {

class ExecTools : public ExecTest {
 protected:
  // Runs the tool without deja, then twice through deja; all must leave the same. The second run is
  // a hit.
  void expect_same(const Argv& options, const Argv& command) {
    const Tree before = ws.tree();
    const Result bare = ws.run(command);
    const Tree made = ws.tree();
    for (const char* wanted : {"run", "hit"}) {
      ws.restore(before);
      const Argv argv = exec(options, command);
      const Result got = wanted[0] == 'h' ? ws.expect_hit(argv) : ws.deja(argv);
      EXPECT_EQ(got, bare) << wanted;
      EXPECT_EQ(difference(made, ws.tree()), "") << wanted;
    }
  }
  // Expects another run, with the tool's current result.
  void expect_changed(const Argv& options, const Argv& command) {
    const Tree before = ws.tree();
    const Result bare = ws.run(command);
    const Tree made = ws.tree();
    ws.restore(before);
    const Result got = ws.deja(exec(options, command));
    EXPECT_EQ(ws.last_event().tool_runs, 1) << ws.last_event();
    EXPECT_EQ(got, bare);
    EXPECT_EQ(difference(made, ws.tree()), "");
  }
};

// systemd's module for user names (getpwuid and so on) opens each component of a path like this.
TEST_P(ExecTools, OpensASymlinkItself) {
  NEEDS_TOOL("python3");
  ws.write("one/file", "1");
  ws.write("two/file", "2");
  std::filesystem::create_symlink("one", ws.path("link"));
  const Argv options = {"--env", "observed", "--input-env", "PATH"};
  const auto look = [](const std::string& flags) {
    return Argv{"python3", "-B", "-c",
                "import os, stat\nd = os.open('link', os.O_PATH | " + flags +
                    ")\nprint(stat.filemode(os.fstat(d).st_mode), os.readlink('link'))"};
  };
  expect_same(options, look("os.O_NOFOLLOW"));
  expect_same(options, look("0"));
  const Argv refused = {"python3", "-B", "-c",
                        "import os\ntry: os.open('link', os.O_NOFOLLOW)\n"
                        "except OSError as e: print(e.errno)"};
  expect_same(options, refused);
  ws.remove("link");
  std::filesystem::create_symlink("two", ws.path("link"));
  expect_changed(options, look("os.O_NOFOLLOW"));
  expect_changed(options, look("0"));
  ws.remove("link");
  ws.write("link", "none");
  expect_changed(options, refused);
}

TEST_P(ExecTools, LooksAtOtherThingsWithoutOpeningThem) {
  NEEDS_TOOL("python3");
  ws.write("directory/file", "1");
  const auto look = [](const std::string& path) {
    return Argv{"python3", "-B", "-c",
                "import os, stat\nd = os.open('" + path +
                    "', os.O_PATH)\nprint(stat.filemode(os.fstat(d).st_mode))"};
  };
  const Argv options = {"--env", "observed", "--input-env", "PATH"};
  for (const char* path : {"directory", "directory/file", "/proc", "/dev", "/dev/null"})
    expect_same(options, look(path));
  std::filesystem::permissions(ws.path("directory/file"), std::filesystem::perms(0755));
  expect_changed(options, look("directory/file"));
  std::filesystem::permissions(ws.path("directory"), std::filesystem::perms(0711));
  expect_changed(options, look("directory"));
}

// A file opened through a descriptor's name is not recorded under its own name.
TEST_P(ExecTools, GoesThroughAnOpenDescriptor) {
  NEEDS_TOOL("python3");
  const auto through = [&](const std::string& what) {
    ws.write("file", "1");
    const Argv command = {"python3", "-B", "-c",
                          "import os\nd = os.open('file', os.O_PATH)\n" + what};
    EXPECT_TRUE(ws.deja(exec({}, command)).ok()) << what;
    ws.write("file", "333");
    const Result again = ws.deja(exec({}, command));
    EXPECT_TRUE(again.ok()) << what;
    EXPECT_EQ(ws.last_event().tool_runs, 1) << what;
    return again.out;
  };
  through("open('/proc/self/fd/%d' % d, 'w').write('22')");
  EXPECT_EQ(ws.read("file"), "22");
  through("os.truncate('/proc/self/fd/%d' % d, 0)");
  EXPECT_EQ(ws.read("file"), "");
  through("os.chmod('/proc/self/fd/%d' % d, 0o755)");
  EXPECT_EQ(std::filesystem::status(ws.path("file")).permissions(), std::filesystem::perms(0755));
  for (const char* directory : {"self", "thread-self"})
    EXPECT_EQ(through("print(open('/proc/" + std::string(directory) + "/fd/%d' % d).read())"),
              "333\n");
}

// A refused permission counts like an absence. A user who is not root looks at a directory without
// search permission and at a file without read permission.
TEST_P(ExecTools, PermissionThatIsRefused) {
  NEEDS_TOOL("setpriv");
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  ws.write("work/locked/file", "text");
  ws.write("work/unreadable", "text", 0600);
  const auto permit = [&](const std::string& name, unsigned mode) {
    std::filesystem::permissions(ws.path(name), std::filesystem::perms(mode));
  };
  for (const char* above : {".", ".."}) permit(above, 0755);  // the workspace's own directories
  permit("work", 0777);
  permit("work/locked", 0700);
  const std::string script =
      "test -e work/locked/file && echo there; test -r work/unreadable && echo readable; "
      "ls work/locked 2>&1; cat work/unreadable 2>&1; true";
  const auto as_nobody = [&](const Argv& command) {
    Argv argv = {"setpriv",        "--reuid=65534", "--regid=65534",
                 "--clear-groups", "env",           "DEJA_DIR=" + ws.path("work/cache"),
                 "DEJA_DAEMON=off"};
    argv.insert(argv.end(), command.begin(), command.end());
    return ws.run(argv);
  };
  const auto expect_like_bare = [&] {
    const Result bare = as_nobody({"/bin/sh", "-c", script});
    for (const char* wanted : {" miss ", " hit "}) {
      EXPECT_EQ(as_nobody(Workspace::with_deja(sh({"--env", "observed"}, script))), bare);
      const Result events = as_nobody(Workspace::with_deja({"events", "-n", "1"}));
      EXPECT_NE(events.out.find(wanted), std::string::npos) << wanted << events;
    }
  };
  expect_like_bare();
  permit("work/locked", 0755);
  expect_like_bare();
  permit("work/unreadable", 0644);
  expect_like_bare();
  permit("work/locked", 0700);
  expect_like_bare();
}

// The tool drops root's rights; after that, it is refused what root may read.
TEST_P(ExecTools, PermissionThatIsRefusedToAnotherUser) {
  NEEDS_TOOL("setpriv");
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  ws.write("work/locked/file", "text");
  ws.write("work/unreadable", "text", 0600);
  const auto permit = [&](const std::string& name, unsigned mode) {
    std::filesystem::permissions(ws.path(name), std::filesystem::perms(mode));
  };
  for (const char* above : {".", ".."}) permit(above, 0755);
  permit("work/locked", 0700);
  const auto expect_like_bare = [&](const std::string& script) {
    const Argv command = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh",
                          "-c",      script};
    const Result bare = ws.run(command);
    for (int i = 0; i < 2; ++i)
      EXPECT_EQ(ws.deja(exec({"--env", "observed"}, command)), bare) << script;
  };
  for (const std::string script :
       {"test -e work/locked/file && echo there; true", "test -r work/unreadable && echo yes; true",
        "ls work/locked 2>&1; true", "cat work/unreadable 2>&1; true"}) {
    for (const bool open : {false, true, false}) {
      permit("work/locked", open ? 0755 : 0700);
      permit("work/unreadable", open ? 0644 : 0600);
      expect_like_bare(script);
    }
  }
}

// Runtimes (the JVM, Go, node) read these to size their heaps and pools.
TEST_P(ExecTools, AsksForLimitsOfTheMachine) {
  expect_same({}, {"/bin/sh", "-c",
                   "for f in /proc/cgroups /proc/meminfo /proc/self/cgroup /proc/self/mountinfo "
                   "/proc/cpuinfo /proc/stat; do read line <$f; done; echo done"});
}

TEST_P(ExecTools, Protoc) {
  NEEDS_TOOL("protoc");
  ws.write("a.proto", "syntax = \"proto3\";\nimport \"sub/b.proto\";\nmessage A { B b = 1; }\n");
  ws.write("sub/b.proto", "syntax = \"proto3\";\nmessage B { int32 n = 1; }\n");
  const Argv command = {"protoc", "--cpp_out=.", "a.proto"};
  expect_same({}, command);
  ws.remove("a.pb.h");
  ws.remove("a.pb.cc");
  ws.write("sub/b.proto", "syntax = \"proto3\";\nmessage B { int64 m = 2; }\nmessage C {}\n");
  expect_changed({}, command);
  ws.write("sub/b.proto", "no proto\n");
  expect_same({"--cache-failures"}, command);
}

TEST_P(ExecTools, ProtocWithDepfile) {
  NEEDS_TOOL("protoc");
  ws.write("a.proto", "syntax = \"proto3\";\nimport \"b.proto\";\nmessage A { B b = 1; }\n");
  ws.write("b.proto", "syntax = \"proto3\";\nmessage B { int32 n = 1; }\n");
  const Argv command = {"protoc", "--cpp_out=.", "--dependency_out=a.d", "a.proto"};
  const Argv options = {"--declared-only", "--input-file", "a.proto",       "--depfile", "a.d",
                        "--output-file",   "a.pb.h",       "--output-file", "a.pb.cc"};
  expect_same(options, command);
  ws.write("b.proto", "syntax = \"proto3\";\nmessage B { int64 m = 2; }\n");
  expect_changed(options, command);
}

TEST_P(ExecTools, FlexAndBison) {
  NEEDS_TOOL("flex");
  NEEDS_TOOL("bison");
  ws.write("a.l", "%option noyywrap\n%%\n[0-9]+ return 1;\n%%\n");
  ws.write("a.y", "%token N\n%%\nlist: | list N;\n%%\n");
  const Argv flex = {"flex", "-o", "lex.c", "a.l"};
  const Argv bison = {"bison", "-d", "-o", "parse.c", "a.y"};
  // Bison runs m4, which it finds on PATH.
  expect_same({"--output-file", "lex.c", "--pass-env", "PATH"}, flex);
  expect_same({"--output-file", "parse.c", "--output-file", "parse.h", "--pass-env", "PATH"},
              bison);
  ws.remove("parse.c");
  ws.remove("parse.h");
  ws.write("a.y", "%token N M\n%%\nlist: | list N M;\n%%\n");
  expect_changed({"--output-file", "parse.c", "--output-file", "parse.h", "--pass-env", "PATH"},
                 bison);
}

TEST_P(ExecTools, ClangTidy) {
  NEEDS_TOOL("clang-tidy-19");
  ws.write(".clang-tidy", "Checks: '-*,bugprone-*'\n");
  ws.write("a.cc", "#include \"a.h\"\nint f(char* p) { return sizeof(p) + g; }\n");
  ws.write("a.h", "constexpr int g = 1;\n");
  const Argv command = {"clang-tidy-19", "-quiet", "a.cc", "--"};
  const Argv options = {"--cache-failures", "--pass-env", "PATH"};
  expect_same(options, command);
  ws.write(".clang-tidy", "Checks: '-*,bugprone-*'\nWarningsAsErrors: '*'\n");
  expect_changed(options, command);
  ws.write("a.h", "constexpr int g = x;\n");
  expect_changed(options, command);
}

TEST_P(ExecTools, ClangFormatAsALinter) {
  NEEDS_TOOL("clang-format-19");
  ws.write("a.cc", "int   a ;\n");
  const Argv command = {"clang-format-19", "--dry-run", "-Werror", "a.cc"};
  const Argv options = {"--cache-failures"};
  expect_same(options, command);
  ws.write(".clang-format", "DisableFormat: true\n");  // the search for it found nothing before
  expect_changed(options, command);
  ws.write("a.cc", "int a;\n");
  expect_changed(options, command);
}

TEST_P(ExecTools, Cppcheck) {
  NEEDS_TOOL("cppcheck");
  ws.write("a.c", "#include \"a.h\"\nint f(void) { int a[2]; return a[INDEX]; }\n");
  ws.write("a.h", "#define INDEX 3\n");
  const Argv command = {"cppcheck", "--error-exitcode=1", "--quiet", "a.c"};
  expect_same({"--cache-failures"}, command);
  ws.write("a.h", "#define INDEX 1\n");
  expect_changed({"--cache-failures"}, command);
}

TEST_P(ExecTools, PythonCodeGenerator) {
  NEEDS_TOOL("python3");
  ws.write("gen.py",
           "import json, sys\nfrom shapes import shape\n"
           "data = json.load(open(sys.argv[1]))\n"
           "with open(sys.argv[2], 'w') as out:\n"
           "  for name in data: print(shape(name), file=out)\n");
  ws.write("shapes.py", "def shape(name): return f'int {name};'\n");
  ws.write("names.json", "[\"a\", \"b\"]\n");
  // Python stores compiled files next to its modules.
  const Argv options = {"--output-file", "out.h", "--input-extra", "1"};
  const Argv command = {"python3", "-B", "gen.py", "names.json", "out.h"};
  expect_same(options, command);
  ws.expect_hit(exec(options, command));  // while the output is there
  ws.write("shapes.py", "def shape(name): return f'long {name};'\n");
  expect_changed(options, command);
  ws.write("json.py", "def load(file): return ['c']\n");  // found before the library's own
  expect_changed(options, command);
}

TEST_P(ExecTools, PythonThatKeepsItsModules) {
  NEEDS_TOOL("python3");
  ws.write("gen.py", "from shapes import shape\nopen('out.h', 'w').write(shape('a'))\n");
  ws.write("shapes.py", "def shape(name): return f'int {name};'\n");
  const Argv argv = exec({"--output-file", "out.h"}, {"python3", "gen.py"});
  // the first run creates __pycache__, the second finds it
  for (int i = 0; i < 2; ++i) ws.deja(argv);
  ws.remove("out.h");
  ws.expect_hit(argv);
  EXPECT_EQ(ws.read("out.h"), "int a;");
  ws.write("shapes.py", "def shape(name): return f'char {name};'\n");
  ws.deja(argv);
  EXPECT_EQ(ws.read("out.h"), "char a;");
}

TEST_P(ExecTools, Shellcheck) {
  NEEDS_TOOL("shellcheck");
  ws.write("a.sh", "#!/bin/sh\n. ./lib.sh\necho $x\n");
  ws.write("lib.sh", "x=1\n");
  const Argv command = {"shellcheck", "-x", "a.sh"};
  expect_same({"--cache-failures"}, command);
  ws.write("lib.sh", "x='1 2\n");
  expect_changed({"--cache-failures"}, command);
  ws.write(".shellcheckrc", "disable=SC2086\n");
  expect_changed({"--cache-failures"}, command);
}

TEST_P(ExecTools, TestOfAProgram) {
  NEEDS_TOOL("g++");
  ws.write("t.cc",
           "#include <gtest/gtest.h>\n#include <fstream>\n"
           "TEST(Data, IsOne) { int n = 0; std::ifstream(\"data/n\") >> n; EXPECT_EQ(n, 1); }\n"
           "int main(int c, char** v) { testing::InitGoogleTest(&c, v); "
           "testing::GTEST_FLAG(print_time) = false; return RUN_ALL_TESTS(); }\n");
  const Result built = ws.run({"g++", "-w", "t.cc", "-o", "t", "-lgtest", "-lpthread"});
  ASSERT_TRUE(built.ok()) << built;
  ws.write("data/n", "1\n");
  const Argv options = {"--cache-failures", "--timeout", "5m"};
  expect_same(options, {"./t"});
  ws.write("data/n", "2\n");
  expect_changed(options, {"./t"});
  ws.write("data/n", "1\n");
  ws.expect_hit(exec(options, {"./t"}));
}

TEST_P(ExecTools, CMakeScripts) {
  NEEDS_TOOL("cmake");
  ws.write("in.txt", "1\n");
  expect_same({"--output-file", "out.txt"}, {"cmake", "-E", "copy", "in.txt", "out.txt"});
  expect_same({}, {"cmake", "-E", "sha256sum", "in.txt"});
  ws.write("in.txt", "2\n");
  expect_changed({}, {"cmake", "-E", "sha256sum", "in.txt"});
  ws.write("gen.cmake",
           "file(STRINGS in.txt lines)\nfile(GLOB all *.txt)\nlist(LENGTH all n)\n"
           "file(WRITE gen.h \"int n = ${n}; // ${lines}\\n\")\n");
  const Argv script = {"cmake", "-P", "gen.cmake"};  // searches PATH for itself
  expect_same({"--output-file", "gen.h", "--pass-env", "PATH"}, script);
  ws.write("more.txt", "");
  expect_changed({"--output-file", "gen.h", "--pass-env", "PATH"}, script);
}

// The loader searches for libraries of better processors in directories with fixed names. A file
// may have such a name: /usr/bin/x86_64 is a program.
TEST_P(ExecTools, FileInPlaceOfADirectoryOfLibraries) {
  NEEDS_TOOL("gcc");
  ws.make_directory("lib");
  ws.write("x.c", "int x(void) { return 1; }\n");
  ws.write("t.c", "#include <stdio.h>\nint x(void);\nint main(void) { printf(\"%d\\n\", x()); }\n");
  ASSERT_TRUE(ws.run({"gcc", "-shared", "-fPIC", "x.c", "-o", "lib/libx.so"}).ok());
  ASSERT_TRUE(ws.run({"gcc", "t.c", "-o", "t", "-Llib", "-lx", "-Wl,-rpath,$ORIGIN/lib"}).ok());
  ws.write("lib/x86_64", "");
  expect_same({}, {"./t"});
  ws.remove("lib/x86_64");
  expect_changed({}, {"./t"});
  ws.write("x.c", "int x(void) { return 2; }\n");
  ws.make_directory("lib/x86_64");
  ASSERT_TRUE(ws.run({"gcc", "-shared", "-fPIC", "x.c", "-o", "lib/x86_64/libx.so"}).ok());
  ws.deja(exec({}, {"./t"}));
  EXPECT_EQ(ws.deja(exec({}, {"./t"})).out, ws.run({"./t"}).out);
}

TEST_P(ExecTools, StaticProgram) {
  NEEDS_TOOL("gcc");
  ws.write("t.c",
           "#include <stdio.h>\nint main(void) { char s[9] = \"\"; FILE* f = fopen(\"in\", \"r\"); "
           "if (!f || !fgets(s, 9, f)) return 3; f = fopen(\"out\", \"w\"); fputs(s, f); "
           "puts(fopen(\"option\", \"r\") ? \"with\" : \"without\"); return fclose(f); }\n");
  const Result built = ws.run({"gcc", "-static", "t.c", "-o", "t"});
  if (!built.ok()) GTEST_SKIP() << "needs a static libc: " << built.err;
  ws.write("in", "1\n");
  expect_same({"--output-file", "out"}, {"./t"});
  ws.write("in", "2\n");
  expect_changed({"--output-file", "out"}, {"./t"});
  ws.write("option", "");
  expect_changed({"--output-file", "out"}, {"./t"});
}

TEST_P(ExecTools, GoProgram) {
  NEEDS_TOOL("go");
  ws.write("t.go",
           "package main\nimport (\"fmt\"; \"os\")\nfunc main() {\n"
           "  b, err := os.ReadFile(\"in\")\n  if err != nil { os.Exit(3) }\n"
           "  os.WriteFile(\"out\", b, 0644)\n"
           "  e, _ := os.ReadDir(\"data\")\n  fmt.Println(len(e))\n}\n");
  const Result built = ws.run({"go", "build", "-o", "t", "t.go"},
                              {.env = {"GOCACHE=" + ws.base() + "/gocache", "CGO_ENABLED=0",
                                       "GOFLAGS=-mod=mod", "GO111MODULE=off"}});
  ASSERT_TRUE(built.ok()) << built;
  ws.write("in", "1\n");
  ws.write("data/a", "");
  expect_same({"--output-file", "out"}, {"./t"});
  ws.write("data/b", "");
  expect_changed({"--output-file", "out"}, {"./t"});
  ws.write("in", "2\n");
  expect_changed({"--output-file", "out"}, {"./t"});
}

INSTANTIATE_TEST_SUITE_P(, ExecTools, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label);

}  // namespace
}  // namespace deja::test
