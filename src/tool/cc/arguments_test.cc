// SPDX-License-Identifier: Apache-2.0
#include "tool/cc/arguments.h"

#include <gtest/gtest.h>

#include <map>

#include "tool/cc/test_compiler.h"

namespace deja::tool::cc {
namespace {

using Words = std::vector<std::string>;

TEST(SplitResponse, FollowsTheRulesThatCompilersShare) {
  EXPECT_EQ(split_response(""), Words{});
  EXPECT_EQ(split_response(" \t\r\n"), Words{});
  EXPECT_EQ(split_response("a  b\nc"), (Words{"a", "b", "c"}));
  EXPECT_EQ(split_response("-DX=\\\"y\\\" 'a b'c \"d'e\""), (Words{"-DX=\"y\"", "a bc", "d'e"}));
  EXPECT_EQ(split_response("a\\ b \\\\ \"\\\\ \\\"\""), (Words{"a b", "\\", "\\ \""}));
}

TEST(SplitResponse, GivesUpWhereCompilersDiffer) {
  for (const char* text : {"'a\\b'", "\"a\\nb\"", "''", "a \"\" b", "'open", "\"open", "end\\",
                           "a\\\nb", "a\fb", "a\vb", "\xef\xbb\xbf-c"})
    EXPECT_FALSE(split_response(text)) << text;
  EXPECT_FALSE(split_response(std::string_view("a\0b", 3)));
}

// The compiler is the reference: with -E it prints the value of a macro from a response file.
TEST(SplitResponse, ReadsWhatTheCompilersRead) {
  const char* const texts[] = {
      "-DX=a 'b'", "-DX=\\\"q\\\"",       "'-DX=\"a b\"'",    "\"-DX=\\\"a \\\\\\\\ b\\\"\"",
      "-DX=a\\ b", "-DX='a  b'c\"d  e\"", "-DY -DX=1\n\n-DZ", "-DX=a\rb",
      "-DX=\\'"};
  for (const std::string& compiler : installed_compilers()) {
    for (const char* text : texts) {
      const TestDirectory directory("rsp");
      directory.write("a.c", "X\n");
      directory.write("a.rsp", text);
      const auto words = split_response(text);
      ASSERT_TRUE(words) << text;
      std::vector<std::string> direct = {compiler, "-E", "-P", "a.c"};
      direct.insert(direct.end(), words->begin(), words->end());
      const CompilerRun with_words = directory.run(direct);
      const CompilerRun with_file = directory.run({compiler, "-E", "-P", "a.c", "@a.rsp"});
      EXPECT_EQ(with_words.exit_code, with_file.exit_code) << compiler << ' ' << text;
      EXPECT_EQ(with_words.standard_output, with_file.standard_output) << compiler << ' ' << text;
    }
  }
}

ReadText files(std::map<std::string, std::string, std::less<>> texts) {
  return [texts = std::move(texts)](std::string_view name) -> Result<std::optional<std::string>> {
    const auto file = texts.find(name);
    if (file == texts.end()) return std::optional<std::string>();
    if (file->second == "(pipe)") return Error{Code::invalid, 0, std::string(name)};
    return std::optional<std::string>(file->second);
  };
}

TEST(ExpandArguments, PutsNestedFilesInPlace) {
  const ReadText read = files({{"a", "1 @b 4"}, {"b", "2 3"}});
  EXPECT_EQ(std::get<Words>(expand_arguments({"0", "@a", "@missing", "@", "5"}, read)),
            (Words{"0", "1", "2", "3", "4", "@missing", "@", "5"}));
}

TEST(ExpandArguments, HasLimits) {
  const ReadText read = files({{"a", "@a"}, {"big", std::string(100, 'x')}, {"pipe", "(pipe)"}});
  for (const char* argument : {"@a", "@big", "@pipe"}) {
    const auto expanded = expand_arguments({argument}, read, {.files = 10, .bytes = 50});
    ASSERT_TRUE(std::holds_alternative<Bypass>(expanded)) << argument;
    EXPECT_EQ(std::get<Bypass>(expanded).reason, BypassReason::response_file);
  }
}

}  // namespace
}  // namespace deja::tool::cc
