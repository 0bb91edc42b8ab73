// SPDX-License-Identifier: Apache-2.0
#include "tool/cc/options.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tool/cc/emscripten.h"
#include "tool/cc/test_compiler.h"

namespace deja::tool::cc {
namespace {

std::string found(std::string_view argument) {
  const Option* option = find_option(argument);
  return option == nullptr ? "" : option->spelling;
}

TEST(Options, FindsTheLongestSpelling) {
  EXPECT_EQ(found("-include"), "-include");
  EXPECT_EQ(found("-include-pch"), "-include-pch");
  EXPECT_EQ(found("-includea.h"), "-include");
  EXPECT_EQ(found("-Ifoo"), "-I");
  EXPECT_EQ(found("-I-"), "-I-");
  EXPECT_EQ(found("-fmodules-ts"), "-fmodules-ts");
  EXPECT_EQ(found("-fmodules-tsx"), "-fmodules-");
  EXPECT_EQ(found("-fmodules"), "-fmodules");
  EXPECT_EQ(found("-fmodules-cache-path=x"), "-fmodules-cache-path=");
  EXPECT_EQ(found("-fmodules-prune-after=1"), "-fmodules-");
  EXPECT_EQ(found("-fmodule-output"), "-fmodule-output");
  EXPECT_EQ(found("-fmodule-output=x"), "-fmodule-output=");
  EXPECT_EQ(found("-fmodule-map-file=x"), "-fmodule-map-file=");
  EXPECT_EQ(found("-fmodule-file-deps"), "-fmodule-");
  EXPECT_EQ(found("-fprebuilt-implicit-modules"), "-fprebuilt-");
  EXPECT_EQ(found("-fmodule"), "");
  EXPECT_EQ(found("-fdebug-prefix-map=/a=b"), "-fdebug-prefix-map=");
  EXPECT_EQ(found("-MFa.d"), "-MF");
  EXPECT_EQ(found("-MMD"), "-MMD");
  EXPECT_EQ(found("-MMDx"), "");
  EXPECT_EQ(found("-cx"), "");
  EXPECT_EQ(found("-"), "");
  EXPECT_EQ(found(""), "");
  EXPECT_EQ(found("-Zzz"), "");
}

// The reference: a linear search for the longest row that matches.
TEST(Options, FindsWhatALinearSearchFinds) {
  for (const Option& row : options()) {
    for (const char* tail : {"", "x", "=", "-pch", "s"}) {
      const std::string argument = std::string(row.spelling) + tail;
      const Option* expected = nullptr;
      for (const Option& option : options()) {
        const std::string_view spelling = option.spelling;
        const bool exact = option.arity == Arity::flag || option.arity == Arity::separate;
        if (exact ? argument != spelling : !argument.starts_with(spelling)) continue;
        if (expected == nullptr || spelling.size() > std::string_view(expected->spelling).size())
          expected = &option;
      }
      EXPECT_EQ(find_option(argument), expected) << argument;
    }
  }
}

TEST(Options, SayWhy) {
  for (const auto& table : {options(), emscripten_options()}) {
    for (const Option& option : table)
      EXPECT_NE(std::string_view(option.why), "") << option.spelling;
  }
}

TEST(Options, OfEmscriptenAreFoundFirst) {
  const auto spelled = [](std::string_view argument) {
    const Option* option = find_emscripten_option(argument);
    return option == nullptr ? "" : option->spelling;
  };
  EXPECT_STREQ(spelled("-sWASM=1"), "-s");
  EXPECT_STREQ(spelled("--pre-js"), "--pre-js");
  EXPECT_STREQ(spelled("--pre-js=a.js"), "--pre-js=");
  EXPECT_STREQ(spelled("-c"), "");
  EXPECT_STREQ(spelled("--pre-jsx"), "");
  EXPECT_TRUE(is_emscripten_setting("WASM_BIGINT=1") && is_emscripten_setting("USE_SDL"));
  for (const char* other : {"", "=1", "wasm=1", "a.o", "1X", "A-B", "_=1"})
    EXPECT_FALSE(is_emscripten_setting(other)) << other;
}

// Options that take a value, according to emcc's own help.
TEST(Options, KnowAllSeparateOnesOfEmscripten) {
  const TestDirectory directory("emcc");
  const CompilerRun run = directory.run({"emcc", "--help"});
  if (run.exit_code != 0) GTEST_SKIP() << "NOT TESTED: emcc is not installed";
  const std::string& text = run.standard_output;
  int seen = 0;
  for (std::size_t at = text.find("\n\"--"); at != text.npos; at = text.find("\n\"--", at + 1)) {
    const std::string_view line = std::string_view(text).substr(at + 2);
    const std::size_t end = line.find('"');
    const std::size_t blank = line.substr(0, end).find(' ');
    if (blank == line.npos) continue;
    const Option* option = find_emscripten_option(line.substr(0, blank));
    EXPECT_TRUE(option != nullptr && (option->has(kBypass) || option->arity == Arity::separate))
        << line.substr(0, end);
    ++seen;
  }
  EXPECT_GT(seen, 10);
}

// Or the option is a bypass whatever follows it.
bool takes_next(const Option* option) {
  if (option == nullptr) return false;
  return option->has(kBypass) || option->has(kQuery) ||
         (option->arity != Arity::flag && option->arity != Arity::joined);
}

// Options that take their value from the next argument, according to gcc itself. A missing row
// would make the value look like an input. (Left out: options that only the front end accepts.)
TEST(Options, KnowAllSeparateOnesOfGcc) {
  const TestDirectory directory("gcc");
  const CompilerRun run = directory.run({"gcc-12", "--help=separate"});
  if (run.exit_code != 0) GTEST_SKIP() << "gcc-12 is not installed";
  const std::vector<std::string> not_for_drivers = {"-MD", "-MMD", "--write-dependencies",
                                                    "--write-user-dependencies"};
  std::string_view text = run.standard_output;
  int seen = 0;
  for (std::size_t at = text.find("\n  -"); at != text.npos; at = text.find("\n  -", at + 1)) {
    std::string_view word = text.substr(at + 3);
    word = word.substr(0, word.find_first_of(" <[\n\t"));
    if (std::find(not_for_drivers.begin(), not_for_drivers.end(), word) != not_for_drivers.end())
      continue;
    EXPECT_TRUE(takes_next(find_option(word))) << word;
    ++seen;
  }
  EXPECT_GT(seen, 30);
}

// "  -isysroot <dir>   Set the system root directory"
TEST(Options, KnowAllSeparateOnesOfClang) {
  for (const char* clang : {"clang-14", "clang-19"}) {
    const TestDirectory directory("clang");
    const CompilerRun run = directory.run({clang, "--help-hidden"});
    if (run.exit_code != 0) continue;
    std::string_view text = run.standard_output;
    for (std::size_t at = text.find("\n  -"); at != text.npos; at = text.find("\n  -", at + 1)) {
      const std::string_view line = text.substr(at + 3, text.find('\n', at + 1) - at - 3);
      const std::size_t blank = line.find(' ');
      if (blank == line.npos || !line.substr(blank).starts_with(" <")) continue;
      const std::string_view spelling = line.substr(0, line.find_first_of(" <"));
      EXPECT_TRUE(takes_next(find_option(spelling))) << clang << ' ' << spelling;
    }
  }
}

}  // namespace
}  // namespace deja::tool::cc
