// SPDX-License-Identifier: Apache-2.0
// emcc: a shell, Python, clang, the linker, binaryen and node, under one name.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "e2e/setup.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

class Emscripten : public ::testing::Test {
 protected:
  void SetUp() override {
    if (find_program("emcc").empty()) GTEST_SKIP() << "NOT TESTED: emcc is not installed";
    ws.write("a.h", "#define GREETING \"hello\"\n");
    ws.write("a.c",
             "#include <stdio.h>\n#include \"a.h\"\nint add(int, int);\n"
             "int main(void) { printf(\"%s %d\\n\", GREETING, add(1, 2)); return 0; }\n");
    ws.write("b.c", "int add(int a, int b) { return a + b; }\n");
  }
  void compile() {
    for (const char* name : {"a", "b"}) {
      const std::string stem = name;
      ASSERT_TRUE(ws.run({"emcc", "-c", stem + ".c", "-o", stem + ".o"}).ok());
    }
  }
  // Writes a program that calls f from a JavaScript library.
  void write_library(const std::string& value) {
    ws.write("lib.js",
             "mergeInto(LibraryManager.library, { f: function() { return " + value + "; } });\n");
    ws.write("j.c",
             "#include <stdio.h>\nextern double f(void);\n"
             "int main(void) { printf(\"%.0f\\n\", f()); return 0; }\n");
    if (ws.exists("j.o")) return;
    ASSERT_TRUE(ws.run({"emcc", "-c", "j.c", "-o", "j.o"}).ok());
  }
  // What the program prints in node. Later versions of node have fetch, which this emcc takes for a
  // browser's.
  std::string say(const std::string& program) {
    const Result r =
        ws.run({"node", "-e", "globalThis.fetch = undefined; require('./" + program + "')"});
    EXPECT_TRUE(r.ok()) << r;
    return r.out;
  }
  void expect_noticed(const Argv& argv, const std::function<void()>& change) {
    const Trial before = ws.expect_same(argv);
    EXPECT_TRUE(before.result.ok()) << before.result;
    change();
    const Trial after = ws.expect_same(argv);
    EXPECT_NE(difference(before.tree, after.tree), "") << "the change did not show in the output";
  }

  Workspace ws{Mode::daemon};
  const Argv compile_a{"emcc", "-c", "a.c", "-o", "a.o"};
  const Argv link{"emcc", "a.o", "b.o", "-o", "out.js"};
};

TEST_F(Emscripten, ObjectsAndDepfilesAreServed) {
  const Trial c = ws.expect_same({"emcc", "-O1", "-Wall", "-c", "a.c", "-MD", "-o", "a.o"});
  EXPECT_TRUE(c.tree.contains("a.o"));
  EXPECT_TRUE(c.tree.contains("a.d"));
  ws.write("w.cc", "static int unused() { return 1; }\n");
  EXPECT_NE(ws.expect_same({"em++", "-Wall", "-c", "w.cc"}).result.err, "") << "a warning";
}

TEST_F(Emscripten, ArchivesAreServed) {
  compile();
  const Argv archive{"emar", "rcs", "lib.a", "a.o", "b.o"};
  ws.expect_same(archive);
  ws.expect_same(archive);  // replaces the existing archive
  ws.expect_same({"emranlib", "lib.a"});
  ws.write("b.c", "int add(int a, int b) { return a - b; }\n");
  compile();
  ws.expect_same(archive);
}

TEST_F(Emscripten, HeaderIsEdited) {
  expect_noticed(compile_a, [this] { ws.write("a.h", "#define GREETING \"good day\"\n"); });
}

TEST_F(Emscripten, HeaderAppearsInAnEarlierDirectory) {
  ws.write("a.c", "#include <a.h>\nconst char* s = GREETING;\n");
  ws.remove("a.h");
  ws.make_directory("one");
  ws.write("two/a.h", "#define GREETING \"two\"\n");
  expect_noticed({"emcc", "-Ione", "-Itwo", "-c", "a.c"},
                 [this] { ws.write("one/a.h", "#define GREETING \"one\"\n"); });
}

TEST_F(Emscripten, ProgramOfTwoFilesIsServedAndRuns) {
  compile();
  const Trial linked = ws.expect_same(link);
  EXPECT_TRUE(linked.tree.contains("out.js"));
  EXPECT_TRUE(linked.tree.contains("out.wasm"));
  ws.remove("out.js");
  ws.remove("out.wasm");
  ws.expect_hit(link);
  EXPECT_EQ(say("out.js"), "hello 3\n");
}

// The object is restored from the cache, with the time of that moment.
TEST_F(Emscripten, ObjectsOfAnotherTimeAreTheSame) {
  compile();
  ws.expect_miss(link);
  ws.remove("a.o");
  compile();
  ws.expect_hit(link);
}

TEST_F(Emscripten, PageIsServedFromSources) {
  const Trial page =
      ws.expect_same({"emcc", "a.c", "b.c", "-s", "SINGLE_FILE=0", "-o", "out.html"});
  for (const char* name : {"out.html", "out.js", "out.wasm"})
    EXPECT_TRUE(page.tree.contains(name)) << name;
}

TEST_F(Emscripten, ObjectOfALinkIsEdited) {
  compile();
  expect_noticed(link, [this] {
    ws.write("b.c", "int add(int a, int b) { return a * b; }\n");
    compile();
  });
  EXPECT_EQ(say("out.js"), "hello 2\n");
}

TEST_F(Emscripten, LibraryOfJavaScriptIsEdited) {
  write_library("1");
  expect_noticed({"emcc", "j.o", "--js-library", "lib.js", "-o", "out.js"},
                 [this] { write_library("2"); });
  EXPECT_EQ(say("out.js"), "2\n");
}

// The JavaScript compiler runs libraries, so they can read the clock.
TEST_F(Emscripten, LibraryThatOutputsTheTimeIsNeverServed) {
  for (const char* value : {"{{{ Date.now() }}}", "{{{ performance.timeOrigin }}}"}) {
    const Argv argv{"emcc", "j.o", "--js-library", "lib.js", "-o", "out.js"};
    write_library(value);
    ASSERT_TRUE(ws.expect_miss(argv).ok()) << value;
    const std::string first = say("out.js");
    ws.expect_miss(argv);
    EXPECT_NE(say("out.js"), first) << value;
  }
}

TEST_F(Emscripten, LibraryThatAsksForTheTimeLaterIsServed) {
  write_library("Date.now()");
  ws.expect_same({"emcc", "j.o", "--js-library", "lib.js", "-o", "out.js"});
}

TEST_F(Emscripten, SettingIsFlipped) {
  compile();
  const Argv with{"emcc", "a.o", "b.o", "-s", "ASSERTIONS=1", "-o", "out.js"};
  const Argv without{"emcc", "a.o", "b.o", "-s", "ASSERTIONS=0", "-o", "out.js"};
  const Trial one = ws.expect_same(with);
  const Trial other = ws.expect_same(without);
  EXPECT_NE(difference(one.tree, other.tree), "");
  ws.expect_hit(with);
  EXPECT_EQ(difference(one.tree, ws.tree()), "");
}

TEST_F(Emscripten, VariablesOfItsOwnCount) {
  ws.write("a.c", "int x = X;\n");
  ws.set("EMCC_CFLAGS=-DX=1");
  expect_noticed(compile_a, [this] { ws.set("EMCC_CFLAGS=-DX=2"); });
  ws.set("EMCC_CFLAGS=-DX=3 -v");
  ws.expect_bypass("unsupported_option", compile_a);
  ws.set("EMCC_CFLAGS=-DX=2");
  ws.expect_hit(compile_a);
  ws.set("EMCC_DEBUG=1");
  ws.expect_bypass("unsupported_option", compile_a);
}

TEST_F(Emscripten, ErrorsAreServed) {
  ws.write("bad.c", "int f(void) { return g }\n");
  const Argv argv{"emcc", "-c", "bad.c", "-o", "bad.o"};
  const Result bare = ws.run(argv);
  EXPECT_EQ(bare.exit_code, 1);
  EXPECT_EQ(ws.expect_failure(argv), bare);
  EXPECT_EQ(ws.expect_hit(argv), bare);
}

// With its own cache, as in emsdk: every run locks a file there, which must stay the same file.
TEST_F(Emscripten, LockOfItsCacheStays) {
  const fs::path shared = "/usr/share/emscripten/cache";
  if (!fs::exists(shared / "sysroot_install.stamp"))
    GTEST_SKIP() << "NOT TESTED: no system libraries in " << shared;
  const std::string cache = ws.base() + "/em-cache";
  fs::create_directory(cache);
  fs::create_symlink(shared / "sysroot", cache + "/sysroot");
  fs::copy(shared / "sysroot_install.stamp", cache + "/sysroot_install.stamp");
  ws.set("EM_CACHE=" + cache);
  ws.set("EM_FROZEN_CACHE=");
  ASSERT_TRUE(ws.run(compile_a).ok());  // checks its tools, and creates the lock
  const std::string lock = cache + "/cache.lock";
  struct stat before = {};
  ASSERT_EQ(::stat(lock.c_str(), &before), 0) << "no lock: the test shows nothing";
  ws.expect_same(compile_a);
  struct stat after = {};
  ASSERT_EQ(::stat(lock.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  ws.remove(lock);
  ws.expect_miss(compile_a);
  EXPECT_TRUE(ws.exists(lock));
}

}  // namespace
}  // namespace deja::test
