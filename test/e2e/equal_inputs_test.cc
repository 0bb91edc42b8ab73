// SPDX-License-Identifier: Apache-2.0
// Files with equal content, which some tools distinguish.
#include <filesystem>

#include "e2e/setup.h"

namespace deja::test {
namespace {

class EqualInputs : public ModeTest {
 protected:
  void SetUp() override {
    ModeTest::SetUp();
    compile("a", "int a;\n");
    compile("b", "int b;\n");
    compile("m", "int main(void) { return 0; }\n");
  }
  void compile(const std::string& name, const std::string& text) {
    ws.write(name + ".c", text);
    ASSERT_TRUE(ws.run({"gcc", "-fPIC", "-c", name + ".c"}).ok());
  }
  void set_time(const std::string& name, long seconds) {
    ASSERT_TRUE(ws.run({"touch", "-d", "@" + std::to_string(seconds), name}).ok());
  }
  void make_library(const std::string& name, const Argv& more) {
    Argv argv = {"gcc", "-shared", "-nostdlib", "-o", name};
    argv.insert(argv.end(), more.begin(), more.end());
    ASSERT_TRUE(ws.run(argv).ok());
  }
};

// Linkers compare names of files: it does not matter whether two equal files have the same time.
TEST_P(EqualInputs, OfALinkInAnotherCheckout) {
  NEEDS_TOOL("ld.lld");
  NEEDS_TOOL("ld.gold");
  constexpr long kThen = 1'000'000'000, kLater = 1'100'000'000;
  for (const auto& [checkout, time] : {std::pair("one/", kThen), std::pair("two/", kLater)}) {
    const std::string at = checkout;
    ws.write(at + "m.o", ws.read("m.o"));
    for (const char* name : {"a.o", "copy.o"}) ws.write(at + name, ws.read("a.o"));
    for (const char* name : {"x.a", "y.a"})
      ASSERT_TRUE(ws.run({"ar", "rcs", name, "a.o"}, {.cwd = ws.path(checkout)}).ok());
    for (const char* name : {"a.o", "x.a"}) set_time(at + name, kThen);
    for (const char* name : {"copy.o", "y.a"}) set_time(at + name, time);
  }
  const Argv lines[] = {
      {"gcc", "m.o", "x.a", "y.a", "-o", "p"},
      {"gcc", "-fuse-ld=gold", "m.o", "x.a", "y.a", "-o", "p"},
      {"gcc", "-fuse-ld=lld", "m.o", "x.a", "y.a", "-o", "p"},
      {"ld", "-r", "--allow-multiple-definition", "a.o", "copy.o", "-o", "r.o"},
      {"ar", "rcs", "lib.a", "a.o", "copy.o"},
  };
  for (const Argv& line : lines) {
    ws.expect_miss(line, {.cwd = ws.path("one")});
    ws.expect_hit(line, {.cwd = ws.path("two")});
  }
}

// A linker makes the same output from one file with two names as from two files.
TEST_P(EqualInputs, OfALinkAreOneFileOrTwo) {
  std::filesystem::create_hard_link(ws.path("a.o"), ws.path("copy.o"));
  for (const char* linker : {"ld.bfd", "ld.gold", "ld.lld"}) {
    NEEDS_TOOL(linker);
    const Argv line = {linker, "-r", "--allow-multiple-definition", "a.o", "copy.o", "-o", "r.o"};
    const Trial one = ws.expect_same(line);
    const std::string text = ws.read("copy.o");
    ws.remove("copy.o");
    ws.write("copy.o", text);
    ws.remove("r.o");
    const Trial two = ws.expect_same(line);
    EXPECT_EQ(one.result, two.result) << linker;
    EXPECT_EQ(difference(one.tree, two.tree), "") << linker;
    ws.remove("copy.o");
    std::filesystem::create_hard_link(ws.path("a.o"), ws.path("copy.o"));
    ws.remove("r.o");
  }
}

// Except for a library that another library needs: GNU ld checks by inode whether it has loaded it.
TEST_P(EqualInputs, LibrariesThatAreOneOrTwo) {
  compile("b", "extern int a;\nint f(void) { return a; }\n");
  compile("m", "int f(void);\nint main(void) { return f(); }\n");
  ws.make_directory("x");
  ws.make_directory("y");
  make_library("x/liba.so.1", {"a.o"});
  std::filesystem::create_hard_link(ws.path("x/liba.so.1"), ws.path("y/other.so"));
  make_library("libb.so", {"b.o", "-Wl,--no-as-needed", "-Lx", "-l:liba.so.1"});
  const Argv line = {
      "gcc", "m.o", "-Wl,--no-as-needed", "y/other.so", "libb.so", "-Wl,-rpath-link,x", "-o", "p"};
  ws.expect_same(line);
  const std::string text = ws.read("y/other.so");
  ws.remove("y/other.so");
  ws.write("y/other.so", text, 0755);
  ws.expect_miss(line);
  ws.expect_hit(line);
}

EVERY_MODE(EqualInputs);

}  // namespace
}  // namespace deja::test
