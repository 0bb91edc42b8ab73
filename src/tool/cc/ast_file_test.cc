// SPDX-License-Identifier: Apache-2.0
#include "formats/ast_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

#include "tool/cc/test_compiler.h"

namespace deja::tool {
namespace {

using cc::TestDirectory;

class AstFile : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    directory_.write("a.h", "#pragma once\ninline int h() { return 1; }\n#define H 1\n");
    directory_.write("m.cppm", "export module m;\nexport int f() { return 1; }\n");
    if (directory_.run({cxx(), "--version"}).exit_code != 0) GTEST_SKIP() << cxx() << " is missing";
  }
  static const char* cxx() { return GetParam(); }
  std::string made(const std::vector<std::string>& arguments) const {
    std::vector<std::string> argv = {cxx(), "-std=c++20"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.insert(argv.end(), {"-o", "out"});
    const cc::CompilerRun run = directory_.run(argv);
    EXPECT_EQ(run.exit_code, 0) << run.standard_error;
    return directory_.read("out");
  }

  TestDirectory directory_{"ast"};
};

TEST_P(AstFile, APrecompiledHeaderHoldsTimes) {
  EXPECT_TRUE(formats::ast_may_hold_times(made({"-x", "c++-header", "a.h"})));
}

TEST_P(AstFile, UnlessToldNotTo) {
  EXPECT_FALSE(formats::ast_may_hold_times(
      made({"-x", "c++-header", "-Xclang", "-fno-pch-timestamp", "a.h"})));
}

TEST_P(AstFile, AModuleHoldsNone) {
  EXPECT_FALSE(formats::ast_may_hold_times(made({"--precompile", "m.cppm"})));
}

// A module made on demand names all files it was made of, except those of the modules that it
// imports.
TEST_P(AstFile, NamesItsInputs) {
  directory_.write("inc/module.modulemap",
                   "module A { header \"a.h\" export * }\nmodule B { header \"b.h\" }\n");
  directory_.write("inc/a.h", "#include \"b.h\"\n#include \"inner.inc\"\n");
  directory_.write("inc/b.h", "int b;\n");
  directory_.write("inc/inner.inc", "int inner;\n");
  directory_.write("u.c", "#include <a.h>\n");
  const cc::CompilerRun run =
      directory_.run({cxx(), "-x", "c", "-fmodules", "-fmodules-cache-path=cache", "-Iinc", "-c",
                      "u.c", "-o", "out"});
  ASSERT_EQ(run.exit_code, 0) << run.standard_error;
  std::map<char, std::set<std::string>> names;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(directory_.path() + "/cache")) {
    if (!entry.path().string().ends_with(".pcm")) continue;
    const auto file = std::filesystem::relative(entry.path(), directory_.path()).string();
    const std::string bytes = directory_.read(file);
    const auto inputs = formats::ast_inputs(bytes);
    ASSERT_TRUE(inputs) << file;
    for (const formats::AstInput& input : *inputs) {
      EXPECT_TRUE(input.asked.starts_with(directory_.path() + "/inc/")) << input.asked;
      names[entry.path().filename().string()[0]].insert(
          std::filesystem::path(input.found).filename());
    }
    for (std::size_t size = 0; size + 64 < bytes.size(); size += 61) {
      const auto part = formats::ast_inputs(bytes.substr(0, size));
      EXPECT_TRUE(!part || part->size() == inputs->size()) << size;
    }
  }
  EXPECT_EQ(names['A'], (std::set<std::string>{"a.h", "inner.inc", "module.modulemap"}));
  EXPECT_EQ(names['B'], (std::set<std::string>{"b.h", "module.modulemap"}));
}

TEST_P(AstFile, NamesNoInputsWhereThereAreNone) {
  EXPECT_FALSE(formats::ast_inputs(""));
  EXPECT_FALSE(formats::ast_inputs("CPCH"));
  EXPECT_FALSE(formats::ast_inputs("int a;"));
}

TEST_P(AstFile, WhatIsCutShortMayHoldAnything) {
  const std::string whole = made({"--precompile", "m.cppm"});
  ASSERT_GT(whole.size(), 1000U);
  int complete = 0;  // a file may end where a block ends
  for (std::size_t size = 0; size < whole.size(); size += 32)
    complete += formats::ast_may_hold_times(whole.substr(0, size)) ? 0 : 1;
  EXPECT_LE(complete, 2);
}

// Changing any byte must not make the reader run past the end or crash.
TEST_P(AstFile, AnyByteMayBeAnother) {
  std::string file = made({"--precompile", "m.cppm"});
  for (std::size_t at = 0; at < file.size(); at += 23) {
    const char old = file[at];
    for (const int bit : {0, 3, 7}) {
      file[at] = static_cast<char>(old ^ (1 << bit));
      formats::ast_may_hold_times(file);
    }
    file[at] = old;
  }
  EXPECT_FALSE(formats::ast_may_hold_times(file));
}

INSTANTIATE_TEST_SUITE_P(Clang, AstFile, ::testing::Values("clang++-14", "clang++-19"),
                         [](const auto& of) { return std::string(of.param).substr(9); });

TEST(AstFileText, IsNoAstFile) {
  EXPECT_TRUE(formats::ast_may_hold_times(""));
  EXPECT_TRUE(formats::ast_may_hold_times("CPCH"));
  EXPECT_TRUE(formats::ast_may_hold_times("CPCH and more"));
}

}  // namespace
}  // namespace deja::tool
