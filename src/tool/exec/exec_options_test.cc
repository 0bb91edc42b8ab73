// SPDX-License-Identifier: Apache-2.0
#include "tool/exec/exec_options.h"

#include <gtest/gtest.h>

namespace deja::tool::exec {
namespace {

std::variant<ExecOptions, std::string> read(std::vector<std::string_view> words) {
  words.insert(words.begin(), "exec");
  return parse_command_line(words);
}

ExecOptions good(const std::vector<std::string_view>& words) {
  auto options = read(words);
  if (const auto* wrong = std::get_if<std::string>(&options)) {
    ADD_FAILURE() << *wrong;
    return {};
  }
  return std::get<ExecOptions>(std::move(options));
}

std::string wrong(const std::vector<std::string_view>& words) {
  const auto options = read(words);
  const auto* text = std::get_if<std::string>(&options);
  return text == nullptr ? "" : *text;
}

TEST(ExecOptions, OptionsBeforeTheCommand) {
  const ExecOptions o = good({"--input-file", "a", "--input-file=b", "--output-dir=gen", "--strict",
                              "--", "tool", "--input-file", "--"});
  EXPECT_EQ(o.input_files, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(o.output_directories, (std::vector<std::string>{"gen"}));
  EXPECT_TRUE(o.strict);
  EXPECT_EQ(o.argv, (std::vector<std::string>{"tool", "--input-file", "--"}));
}

TEST(ExecOptions, Booleans) {
  EXPECT_TRUE(good({"--", "t"}).wants_stdout);
  EXPECT_TRUE(good({"--output-stdout", "--", "t"}).wants_stdout);
  EXPECT_FALSE(good({"--output-stdout=false", "--", "t"}).wants_stdout);
  EXPECT_FALSE(good({"--output-stderr=0", "--", "t"}).wants_stderr);
  EXPECT_EQ(wrong({"--output-stderr=maybe", "--", "t"}),
            "--output-stderr: 'maybe' is neither true nor false; give one of them");
}

TEST(ExecOptions, Times) {
  EXPECT_EQ(good({"--ttl", "90", "--", "t"}).ttl_ns, 90'000'000'000U);
  EXPECT_EQ(good({"--ttl", "1.5s", "--", "t"}).ttl_ns, 1'500'000'000U);
  EXPECT_EQ(good({"--timeout", "250ms", "--", "t"}).timeout_ns, 250'000'000U);
  EXPECT_EQ(good({"--ttl", "7d", "--", "t"}).ttl_ns, 7ULL * 86400 * 1'000'000'000);
  for (const char* text : {"", "0", "-1", "soon", "1w", "nan", "inf", "1 s s"})
    EXPECT_NE(wrong({"--ttl", text, "--", "t"}), "") << text;
}

TEST(ExecOptions, HashIsSixtyFourDigits) {
  const std::string digits(64, 'A');
  EXPECT_EQ(good({"--tool-hash", digits, "--", "t"}).tool_hash, std::string(64, 'a'));
  std::string umlauts;
  for (int i = 0; i < 32; ++i) umlauts += "\xc3\xa4";  // 64 bytes, 32 letters
  for (const std::string& text : {std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'g'),
                                  umlauts, std::string("12")})
    EXPECT_EQ(wrong({"--tool-hash", text, "--", "t"}),
              "--tool-hash: '" + text + "' is not a hash; give 64 hexadecimal digits");
}

TEST(ExecOptions, FiltersLeaveArgumentsOutOfTheKey) {
  const ExecOptions o = good({"--key-args-filter", "^--jobs", "--key-args-filter", "tick", "--",
                              "tool", "--jobs=3", "a", "xticky", "b"});
  EXPECT_EQ(o.is_keyed, (std::vector<bool>{true, false, true, false, true}));
  EXPECT_EQ(o.argv.size(), 5U);  // the tool gets all of them
}

TEST(ExecOptions, FiltersNeverMatchTheToolOrAnOutput) {
  const ExecOptions o = good({"--output-file", "out.h", "--key-args-filter", ".", "--", "tool",
                              "--to=out.h", "gen/out.h", "about.h"});
  EXPECT_EQ(o.is_keyed, (std::vector<bool>{true, true, true, false}));
}

TEST(ExecOptions, WrongFilterIsNamed) {
  EXPECT_EQ(wrong({"--key-args-filter", "(", "--", "t"}),
            "--key-args-filter: invalid regex: \"(\": missing ): (");
}

TEST(ExecOptions, WhatIsWrongIsSaidInOneLine) {
  EXPECT_EQ(wrong({}), "no command: deja exec [options] -- tool [arguments…]");
  EXPECT_EQ(wrong({"--strict", "--"}), "no command: deja exec [options] -- tool [arguments…]");
  EXPECT_EQ(wrong({"--"}), "no command: deja exec [options] -- tool [arguments…]");
  EXPECT_EQ(wrong({"--", ""}), "'' is not the name of a tool");
  EXPECT_EQ(wrong({"--nope", "--", "t"}), "'--nope' is not an option; see deja exec --help");
  EXPECT_EQ(wrong({"tool", "--", "t"}),
            "'tool' is not an option; the command comes after --, see deja exec --help");
  EXPECT_EQ(wrong({"--input-file"}), "--input-file: needs a value");
  EXPECT_EQ(wrong({"--input-file=", "--", "t"}), "--input-file: needs a value that is not empty");
  EXPECT_EQ(wrong({"--strict=1", "--", "t"}), "--strict: takes no value, and got: '--strict=1'");
  EXPECT_EQ(wrong({"--env", "some", "--", "t"}),
            "--env: 'some' is not one of declared, observed, all");
  EXPECT_EQ(wrong({"--stdin=tty", "--", "t"}), "--stdin: 'tty' is not one of none, inherit, keyed");
  EXPECT_EQ(wrong({"--depfile", "a", "--depfile", "b", "--", "t"}),
            "--depfile: 'b' is a second value; give one");
  EXPECT_EQ(wrong({"--input-env", "A=b", "--", "t"}),
            "--input-env: 'A=b' is not a variable's name; give it without '='");
}

TEST(ExecOptions, ContradictionsNameBoth) {
  const std::vector<std::vector<std::string_view>> pairs = {
      {"--strict", "--declared-only"},        {"--strict", "--no-cache"},
      {"--strict", "--non-deterministic"},    {"--no-cache", "--read-only"},
      {"--env=observed", "--declared-only"},  {"--input-file-stdin", "--stdin=keyed"},
      {"--stdin=inherit", "--declared-only"},
  };
  for (const auto& pair : pairs) {
    std::vector<std::string_view> words = pair;
    words.insert(words.end(), {"--", "t"});
    const std::string text = wrong(words);
    for (const std::string_view word : pair)
      EXPECT_NE(text.find(word.substr(0, word.find("=keyed"))), std::string::npos) << text;
  }
  EXPECT_EQ(wrong({"--pass-env", "A", "--input-env", "A", "--", "t"}),
            "--pass-env: 'A' is in --input-env, too; give one of them");
}

TEST(ExecOptions, ErrorsAreOneLine) {
  EXPECT_EQ(error_line("--x: 'a\nb\x1b'"), "deja exec: --x: 'a?b?'\n");
}

TEST(ExecOptions, HelpHasAllOptionsAndAnExampleOfEachFamily) {
  const std::string help = help_text();
  for (const char* text : {"--input-file ",
                           "--input-file-list",
                           "--input-file-stdin",
                           "--input-glob",
                           "--input-env",
                           "--input-extra",
                           "--output-file",
                           "--optional-output",
                           "--output-dir",
                           "--output-stdout",
                           "--output-stderr",
                           "--tool-hash",
                           "--no-cache",
                           "--read-only",
                           "--no-cwd-in-key",
                           "--include-scan",
                           "--include-dir",
                           "--system-include",
                           "--iquote-dir",
                           "--depfile",
                           "--non-deterministic",
                           "--key-args-filter",
                           "--pass-env",
                           "--env",
                           "--stdin",
                           "--cache-failures",
                           "--ttl",
                           "--timeout",
                           "--print-key",
                           "--explain",
                           "--json",
                           "--strict",
                           "--declared-only",
                           "--batch",
                           "A code generator",
                           "A linter",
                           "A test",
                           "A formatter"})
    EXPECT_NE(help.find(text), std::string::npos) << text;
}

TEST(GivenVariables, DeclaredOnesOnlyUnlessMoreAreAskedFor) {
  const std::vector<EnvironmentVariable> users = {
      {"A", "1"}, {"B", "2"}, {"C", "3"}, {"A", "hidden"}};
  const auto names = [](const std::vector<EnvironmentVariable>& list) {
    std::string out;
    for (const auto& v : list) out.append(v.name).append(v.value);
    return out;
  };
  ExecOptions options =
      good({"--input-env", "A", "--input-env", "MISSING", "--pass-env", "B", "--", "t"});
  EXPECT_EQ(names(given_variables(options, users).all), "A1B2");
  EXPECT_EQ(names(given_variables(options, users).counting), "A1");
  options.variables = GivenVariables::all;
  EXPECT_EQ(names(given_variables(options, users).all), "A1B2C3");
  EXPECT_EQ(names(given_variables(options, users).counting), "A1C3");
}

}  // namespace
}  // namespace deja::tool::exec
