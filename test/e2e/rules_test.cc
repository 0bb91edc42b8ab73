// SPDX-License-Identifier: Apache-2.0
// Rules of a project or a user: what is not looked up and what is not stored, also while an engine is warm and
// its file changes.
#include "e2e/cargo.h"

namespace deja::test {
namespace {

class Rule : public SetupTest {
 protected:
  void SetUp() override {
    SetupTest::SetUp();
    ws.write("a.c", "int a;\n");
    ws.write("third_party/b.c", "int b;\n");
  }
  void configure(const std::string& text) { ws.write(".deja.toml", text); }
  Argv compile(const std::string& source) const { return {cc(), "-c", source, "-o", "x.o"}; }
};

TEST_P(Rule, AProjectExcludesSources) {
  configure("exclude = [\"third_party/**\", \"*.gen.c\"]\n");
  ws.write("sub/b.gen.c", "int b;\n");
  ws.expect_bypass("excluded", compile("third_party/b.c"));
  EXPECT_EQ(ws.last_event().detail,
            ws.work() + "/third_party/b.c: exclude = \"" + ws.work() + "/third_party/**\"");
  EXPECT_EQ(ws.last_event().what, "third_party/b.c");
  EXPECT_TRUE(ws.exists("x.o"));
  ws.expect_bypass("excluded", compile("sub/b.gen.c"));
  ws.expect_bypass("excluded", compile(ws.work() + "/sub/../third_party/b.c"));
  ws.expect_bypass("excluded", {cc(), "-c", "b.c", "-o", "x.o"}, {.cwd = "third_party"});
  ws.expect_miss(compile("a.c"));
  ws.expect_hit(compile("a.c"));
}

// An engine that has the answer in memory must see the change at once, in both directions.
TEST_P(Rule, AWarmEngineSeesItsFileChange) {
  configure("");
  ws.let_settle("third_party/b.c");
  const Argv argv = compile("third_party/b.c");
  ws.expect_miss(argv);
  ws.expect_hit(argv);
  ws.let_engine_set_watches();
  ws.expect_hit(argv);
  const std::string lines[] = {"exclude = [\"third_party/\"]", "bypass.tools = [\"" + cc() + "\"]",
                               "bypass.arguments = [\"-o\"]", "bypass.variables = [\"TERM=x*\"]"};
  for (const std::string& line : lines) {
    configure(line + "\n");
    ws.expect_bypass(line.starts_with("exclude") ? "excluded" : "rule", argv);
    configure("");
    ws.expect_hit(argv);
  }
}

TEST_P(Rule, NamesTheRule) {
  ws.set("SECRET_PLACE=hidden");
  ws.write("more.rsp", "-DFROM_FILE=1\n");
  const std::pair<const char*, std::string> rows[] = {{"tools", "[a-z]" + cc().substr(1, 2) + "*"},
                                                      {"arguments", "-DFROM_*"},
                                                      {"variables", "SECRET_*"}};
  for (const auto& [setting, pattern] : rows) {
    configure("[bypass]\n" + std::string(setting) + " = [\"unused\", \"" + pattern + "\"]\n");
    ws.expect_bypass("rule", {cc(), "@more.rsp", "-c", "a.c"});
    EXPECT_EQ(ws.last_event().detail, "bypass." + std::string(setting) + " = \"" + pattern + "\"");
  }
}

TEST_P(Rule, WhatCostsLittleIsNotStored) {
  configure("min_cost = \"1h\"\n");
  for (int i = 0; i < 2; ++i) {
    ws.expect_miss(compile("a.c"));
    EXPECT_EQ(ws.last_event().not_stored, "too_cheap");
  }
  configure("min_cost = \"1ms\"\n");  // no compiler starts as fast
  ws.expect_miss(compile("a.c"));
  configure("min_cost = \"1h\"\n");
  ws.expect_hit(compile("a.c"));  // what is stored is served
}

TEST_P(Rule, AMistakeIsNamedEverywhereAndTheRestCounts) {
  configure("# mine\nexcludes = [\"a.c\"]\nmin_cost = \"little\"\n[bypass]\ntools = [\"" + cc() +
            "\"]\n");
  for (int i = 0; i < 3; ++i) ws.expect_bypass("rule", compile("a.c"));
  const std::string file = ws.work() + "/.deja.toml";
  const std::string texts[] = {
      file + ":2: excludes: there is no such setting; did you mean exclude?",
      file + ":3: min_cost: expected time"};
  for (const Argv& argv : {Argv{"doctor"}, Argv{"config", "list"}}) {
    const Result said = ws.deja(argv);
    EXPECT_EQ(said.exit_code, 1);
    for (const std::string& text : texts) EXPECT_NE(said.out.find(text), std::string::npos) << said;
  }
  for (const std::string& text : texts) {
    const std::size_t at = ws.troubles().find(text);
    ASSERT_NE(at, std::string::npos) << ws.troubles();
    EXPECT_EQ(ws.troubles().find(text, at + 1), std::string::npos) << ws.troubles();
  }
}

EVERY_SETUP(Rule);

class RuleForRust : public CargoTest {};

TEST_P(RuleForRust, ExcludesACrateByTheFileThatItBeginsWith) {
  ws.write(".deja.toml", "exclude = [\"vendor/\"]\nfallback = \"wrapper\"\n");
  ws.script("wrapper", "#!/bin/sh\necho run >>../calls\nexec \"$@\"\n");
  for (const char* source : {"vendor/a/src/lib.rs", "src/lib.rs"})
    ws.write(source, "pub fn f() {}\n");
  const auto compile = [](const char* source) {
    return Argv{"rustc", "--crate-name", "a", "--crate-type", "lib", "--emit=metadata", source};
  };
  ws.expect_bypass("excluded", compile("vendor/a/src/lib.rs"));
  EXPECT_EQ(ws.read("../calls"), "run\n");
  ws.expect_miss(compile("src/lib.rs"));
  ws.expect_hit(compile("src/lib.rs"));
  EXPECT_EQ(ws.read("../calls"), "run\n");
}

EVERY_MODE(RuleForRust);

}  // namespace
}  // namespace deja::test
