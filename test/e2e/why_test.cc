// SPDX-License-Identifier: Apache-2.0
// `deja why` names the cause of a miss. Each row plants one cause between two runs of a command; the first thing that
// is told must be this cause.
#include <sys/stat.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "e2e/setup.h"

namespace deja::test {
namespace {

using Json = nlohmann::json;

class Why : public ModeTest {
 protected:
  Json why(std::vector<std::string> arguments) {
    Argv argv = {Workspace::program(), "why", "--format", "json"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const Result result = ws.run(argv);
    EXPECT_EQ(result.exit_code, 0) << result;
    return Json::parse(result.out, nullptr, false);
  }
  // What is told first: the nearest command's first difference, else the explanation.
  std::string first_cause(const std::string& file) {
    const Json told = why({file});
    if (told["nearest"].is_object() && !told["nearest"]["differences"].empty())
      return told["nearest"]["differences"][0].get<std::string>();
    return told["explanation"].get<std::string>();
  }
  void expect_told(const std::string& file, const std::string& cause) {
    const std::string told = first_cause(file);
    EXPECT_NE(told.find(cause), std::string::npos) << "told: " << told << "\nplanted: " << cause;
  }
};

INSTANTIATE_TEST_SUITE_P(Modes, Why, ::testing::Values(Mode::daemon, Mode::one_shot), mode_label);

TEST_P(Why, ChangedArgumentsAreNamed) {
  ws.write("a.c", "int a;\n");
  ws.deja({"gcc", "-c", "-O1", "-DV=1", "-fPIC", "a.c"});
  const struct {
    Argv argv;
    std::string cause;
  } rows[] = {
      {{"gcc", "-c", "-O2", "-DV=1", "-fPIC", "a.c"}, "argument -O2 instead of -O1"},
      {{"gcc", "-c", "-O1", "-DV=2", "-fPIC", "a.c"}, "argument -DV=2 instead of -DV=1"},
      {{"gcc", "-c", "-O1", "-DV=1", "a.c"}, "argument -fPIC is no longer given"},
      {{"gcc", "-c", "-O1", "-DV=1", "-fno-PIC", "a.c"}, "argument -fno-PIC "},
      {{"gcc", "-c", "-O1", "-DV=1", "-fPIC", "-Wall", "a.c"}, "argument -Wall is new"},
      {{"gcc", "-c", "-O1", "-DV=1", "-fPIC", "-Ix", "-Iy", "a.c"}, "argument -Ix is new"},
      {{"gcc", "-c", "-O1", "-DV=1", "-fPIC", "-Iy", "-Ix", "a.c"}, "the order of the arguments"},
  };
  for (const auto& row : rows) {
    ws.expect_miss(row.argv);
    expect_told("a.c", row.cause);
  }
}

TEST_P(Why, ChangedFilesAreNamed) {
  ws.write("inc/a.h", "int v = 1;\n");
  ws.write("a.c", "#include \"a.h\"\nint a;\n");
  const Argv argv = {"gcc", "-c", "-Ifirst", "-Iinc", "a.c"};
  ws.make_directory("first");
  ws.expect_miss(argv);
  const std::pair<std::function<void()>, std::string> rows[] = {
      {[&] { ws.write("inc/a.h", "int v = 2;\n"); }, "inc/a.h"},
      {[&] { ws.write("first/a.h", "int v = 3;\n"); }, "first/a.h was not there before"},
      {[&] { ws.write("a.c", "#include \"a.h\"\nint b;\n"); }, "a.c"},
      {[&] { ws.remove("first"); }, "first"},
  };
  for (const auto& [plant, cause] : rows) {
    plant();
    ws.deja(argv);
    expect_told("a.c", cause);
  }
}

TEST_P(Why, WhatLiesAroundTheCommandIsNamed) {
  ws.write("a.c", "int f(void) { return undeclared; }\nint a;\n");
  ws.write("b.c", "int b;\n");
  const Argv argv = {"gcc", "-c", "b.c"};
  ws.expect_miss(argv);
  ws.expect_miss(argv, {.env = {"LANG=de_DE.UTF-8"}});
  expect_told("b.c", "variable LANG");
  ws.expect_miss(argv, {.env = {"GLIBC_TUNABLES=glibc.malloc.check=0"}});
  expect_told("b.c", "variable GLIBC_TUNABLES is set now");
  ws.expect_miss(argv, {.in_child = [] { ::umask(077); }});
  expect_told("b.c", "the umask");
  ws.expect_miss(argv, {.env = {"DEJA_KEY_SALT=x"}});
  expect_told("b.c", "another salt");
  ws.deja({"g++", "-c", "-x", "c", "b.c"});
  expect_told("b.c", "tool /usr/bin/");
}

TEST_P(Why, AnEvictedResultIsSaidToHaveBeenHere) {
  ws.write("a.c", "int a;\n");
  const Argv argv = {"gcc", "-c", "a.c"};
  ws.expect_miss(argv);
  ASSERT_EQ(ws.run({Workspace::program(), "purge", "--yes"}).exit_code, 0);
  ws.expect_miss(argv);
  const Result text = ws.run({Workspace::program(), "why", "a.c"});
  EXPECT_NE(text.out.find("evicted"), std::string::npos) << text;
}

TEST_P(Why, OutputsThatWereNotStoredAreFound) {
  ws.write("a.c", "int a;\n");
  ws.deja({"gcc", "-c", "-ftime-report", "a.c", "-o", "timed.o"});
  EXPECT_EQ(why({"timed.o"})["outcome"], "bypass");
  EXPECT_NE(why({"timed.o"})["hint"], "");
  EXPECT_EQ(why({"a.c"})["outcome"], "bypass");
  ws.write("t.c", "const char* t = __TIME__;\n");
  ws.deja({"gcc", "-c", "t.c", "-o", "t.o"});
  EXPECT_NE(why({"t.o"})["not_stored"], "");
}

TEST_P(Why, TwoCommandsAreCompared) {
  ws.write("a.c", "int a;\n");
  ws.deja({"gcc", "-c", "-O1", "a.c", "-o", "one.o"});
  ws.deja({"gcc", "-c", "-O2", "a.c", "-o", "two.o"});
  const Json told = why({"one.o", "two.o"});
  ASSERT_EQ(told["differences"].size(), 1u) << told;
  EXPECT_EQ(told["differences"][0], "argument -O2 instead of -O1");
  EXPECT_EQ(why({"one.o", "one.o"})["differences"].size(), 0u);
}

TEST_P(Why, AHitHasItsProof) {
  ws.write("a.h", "int v;\n");
  ws.write("a.c", "#include \"a.h\"\n");
  ws.expect_miss({"gcc", "-c", "a.c"});
  ws.expect_hit({"gcc", "-c", "a.c"});
  const Result text = ws.run({Workspace::program(), "why", "a.c"});
  EXPECT_NE(text.out.find("files by content"), std::string::npos) << text;
}

// An edited generator: what it generates, and all that includes that.
TEST_P(Why, ABuildIsToldByItsFirstCauses) {
  ws.write("gen.c", "#include <stdio.h>\nint main(void) { puts(\"int v = 1;\"); }\n");
  ws.write("a.c", "#include \"v.h\"\n");
  ws.write("b.c", "#include \"v.h\"\nint b;\n");
  ws.write("other.h", "int o = 1;\n");
  ws.write("c.c", "#include \"other.h\"\n");
  const std::vector<Argv> build = {
      {"gcc", "gen.c", "-o", "gen"},
      {"exec", "--input-file", "gen", "--output-file", "v.h", "--", "sh", "-c", "./gen > v.h"},
      {"gcc", "-c", "a.c"},
      {"gcc", "-c", "b.c"},
      {"gcc", "-c", "c.c"}};
  for (const Argv& argv : build) EXPECT_TRUE(ws.deja(argv).ok());
  ws.write("gen.c", "#include <stdio.h>\nint main(void) { puts(\"int v = 2;\"); }\n");
  ws.write("other.h", "int o = 2;\n");
  const std::size_t before = ws.events().size();
  for (const Argv& argv : build) EXPECT_TRUE(ws.deja(argv).ok());
  EXPECT_EQ(ws.events().size(), before + build.size());
  const Json told = why({"--last-build"});
  std::vector<std::string> of_generator;
  for (const Json& cause : told["causes"])
    if (cause["cause"].get<std::string>().find("gen.c") != std::string::npos)
      of_generator.insert(of_generator.end(), cause["commands"].begin(), cause["commands"].end());
  EXPECT_GE(of_generator.size(), 3u) << told.dump(1);
}

}  // namespace
}  // namespace deja::test
