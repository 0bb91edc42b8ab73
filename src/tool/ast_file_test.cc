#include "tool/ast_file.h"

#include <gtest/gtest.h>

#include "tool/cc/test_compiler.h"

namespace deja::tool {
namespace {

using cc::TestFolder;

class AstFile : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    folder_.write("a.h", "#pragma once\ninline int h() { return 1; }\n#define H 1\n");
    folder_.write("m.cppm", "export module m;\nexport int f() { return 1; }\n");
    if (folder_.run({cxx(), "--version"}).exit_code != 0) GTEST_SKIP() << cxx() << " is missing";
  }
  static const char* cxx() { return GetParam(); }
  std::string made(const std::vector<std::string>& arguments) const {
    std::vector<std::string> argv = {cxx(), "-std=c++20"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.insert(argv.end(), {"-o", "out"});
    const cc::CompilerRun run = folder_.run(argv);
    EXPECT_EQ(run.exit_code, 0) << run.standard_error;
    return folder_.read("out");
  }

  TestFolder folder_{"ast"};
};

TEST_P(AstFile, APrecompiledHeaderHoldsTimes) {
  EXPECT_TRUE(ast_may_hold_times(made({"-x", "c++-header", "a.h"})));
}

TEST_P(AstFile, UnlessToldNotTo) {
  EXPECT_FALSE(
      ast_may_hold_times(made({"-x", "c++-header", "-Xclang", "-fno-pch-timestamp", "a.h"})));
}

TEST_P(AstFile, AModuleHoldsNone) {
  EXPECT_FALSE(ast_may_hold_times(made({"--precompile", "m.cppm"})));
}

TEST_P(AstFile, WhatIsCutShortMayHoldAnything) {
  const std::string whole = made({"--precompile", "m.cppm"});
  ASSERT_GT(whole.size(), 1000U);
  int complete = 0;  // a file may end where a block does
  for (std::size_t size = 0; size < whole.size(); size += 32)
    complete += ast_may_hold_times(whole.substr(0, size)) ? 0 : 1;
  EXPECT_LE(complete, 2);
}

// No byte that is another one makes the reader run on or fall over.
TEST_P(AstFile, AnyByteMayBeAnother) {
  std::string file = made({"--precompile", "m.cppm"});
  for (std::size_t at = 0; at < file.size(); at += 23) {
    const char old = file[at];
    for (const int bit : {0, 3, 7}) {
      file[at] = static_cast<char>(old ^ (1 << bit));
      ast_may_hold_times(file);
    }
    file[at] = old;
  }
  EXPECT_FALSE(ast_may_hold_times(file));
}

INSTANTIATE_TEST_SUITE_P(Clang, AstFile, ::testing::Values("clang++-14", "clang++-19"),
                         [](const auto& of) { return std::string(of.param).substr(9); });

TEST(AstFileText, IsNoAstFile) {
  EXPECT_TRUE(ast_may_hold_times(""));
  EXPECT_TRUE(ast_may_hold_times("CPCH"));
  EXPECT_TRUE(ast_may_hold_times("CPCH and more"));
}

}  // namespace
}  // namespace deja::tool
