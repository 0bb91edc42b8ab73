// SPDX-License-Identifier: Apache-2.0
// Modules that clang makes from headers on demand (-fmodules), in a directory that its runs share.
// This directory is outside the compared tree: a hit does not change it, and objects must be right
// whatever it contains.
#include <filesystem>
#include <ostream>

#include "diff/family.h"
#include "diff/scene.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

class OnDemand : public Family, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    NEEDS_TOOL(GetParam());
    ws.write("inc/module.modulemap",
             "module A { header \"a.h\" export * }\nmodule B { header \"b.h\" }\n");
    ws.write("inc/a.h", "#pragma once\n#include \"b.h\"\n#define A (B + 1)\n");
    write_b(3);
    for (const char* unit : {"one", "two", "three"}) write_unit(unit);
    settle();
  }
  // Makes headers older than a second: clang compares times in seconds.
  void settle() const {
    for (const auto& entry : fs::recursive_directory_iterator(ws.path("inc")))
      if (entry.is_regular_file())
        set_time(entry.path().string().substr(ws.work().size() + 1), 1'500'000'000 + ++clock_);
  }
  void write_b(int value) {
    ws.write("inc/b.h", "#pragma once\n#define B " + std::to_string(value) + "\n");
    set_time("inc/b.h", 1'600'000'000 + ++clock_);
  }
  void write_unit(const std::string& name, const std::string& more = "") {
    ws.write(name + ".c", "#include <a.h>\n" + more + "int " + name + "(void) { return A; }\n");
  }
  std::string cache() const { return ws.base() + "/modules"; }
  void remove_cache() { fs::remove_all(cache()); }
  Command compile(const std::string& name, std::initializer_list<std::string> more = {}) const {
    Argv argv = {GetParam(), "-fmodules", "-fmodules-cache-path=" + cache(), "-Iinc", "-O1"};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.insert(argv.end(), {"-MD", "-c", name + ".c", "-o", name + ".o"});
    return {argv, {}};
  }
  // Runs through deja only; returns the outcome and leaves the object.
  std::string outcome(const Command& command) {
    const Result result = ws.deja(command.argv, command.options);
    EXPECT_TRUE(result.ok()) << as_shell(command) << result;
    return ws.last_event().outcome;
  }
  // Runs through deja and bare, with the same module cache: object, streams and exit code must be
  // equal. (A dependency file may name one module map more or less,
  // docs/decisions/0011-modules.md.)
  Verdict compare(const Command& command) {
    const std::string saved = ws.base() + "/saved";
    fs::remove_all(saved);
    if (fs::exists(cache())) {
      EXPECT_TRUE(ws.run({"cp", "-a", cache(), saved}).ok());
    }
    const std::string object = command.argv.back();
    ws.remove(object);
    const Result got = ws.deja(command.argv, command.options);
    Verdict verdict;
    verdict.event = ws.last_event();
    const std::string left = ws.exists(object) ? ws.read(object) : "";
    const std::string after = ws.base() + "/after";
    fs::remove_all(after);
    if (fs::exists(cache())) fs::rename(cache(), after);
    if (fs::exists(saved)) fs::rename(saved, cache());
    ws.remove(object);
    verdict.bare = ws.run(command.argv, command.options);
    EXPECT_EQ(got, verdict.bare) << as_shell(command) << verdict.event;
    EXPECT_EQ(left, ws.exists(object) ? ws.read(object) : "") << as_shell(command) << verdict.event;
    fs::remove_all(cache());
    if (fs::exists(after)) fs::rename(after, cache());
    return verdict;
  }
  std::string module(const std::string& begin) const {
    for (const auto& entry : fs::recursive_directory_iterator(cache()))
      if (entry.path().filename().string().starts_with(begin + "-")) return entry.path().string();
    ADD_FAILURE() << "no module " << begin;
    return {};
  }
  void build_all(std::initializer_list<std::string> more = {}) {
    for (const char* unit : {"one", "two", "three"}) outcome(compile(unit, more));
  }
  void expect_all(const std::string& wanted, std::initializer_list<std::string> more = {}) {
    for (const char* unit : {"one", "two", "three"}) {
      const Verdict verdict = compare(compile(unit, more));
      EXPECT_EQ(verdict.event.outcome, wanted) << unit << verdict.event;
    }
  }

  mutable int clock_ = 0;
};

INSTANTIATE_TEST_SUITE_P(, OnDemand, ::testing::Values("clang-14", "clang-19"), [](const auto& of) {
  return std::string(of.param) == "clang-14" ? "old" : "new";
});

TEST_P(OnDemand, HitsInPlaceAndWithoutTheCache) {
  build_all();
  expect_all("hit");
  remove_cache();
  for (const char* unit : {"one", "two", "three"}) {
    EXPECT_EQ(outcome(compile(unit)), "hit") << unit;
    EXPECT_FALSE(fs::exists(cache()));  // a hit does not change it
  }
  expect_all("hit");
}

TEST_P(OnDemand, HitsWithDebugInformation) {
  build_all({"-g"});
  expect_all("hit", {"-g"});
  remove_cache();
  expect_all("hit", {"-g"});
}

// A header with only a new time makes clang rebuild its modules from the same text.
TEST_P(OnDemand, HeaderIsOnlyTouched) {
  build_all();
  settle();
  expect_all("hit");
  remove_cache();
  settle();
  expect_all("hit");
}

TEST_P(OnDemand, HeaderBehindTheModuleIsEdited) {
  build_all();
  write_b(4);
  expect_all("miss");
  expect_all("hit");
  remove_cache();
  expect_all("hit");
  write_b(3);  // with other bytes of the module in the cache, and without it
  remove_cache();
  expect_all("hit");
  write_b(5);
  remove_cache();
  expect_all("miss");
}

// Each version has its own result, whatever modules the cache holds.
TEST_P(OnDemand, VersionsOfAModuleDoNotMix) {
  for (int round = 0; round < 3; ++round) {
    for (const int value : {3, 4, 5}) {
      write_b(value);
      if (round == 2) remove_cache();
      for (const char* unit : {"one", "two"}) compare(compile(unit));
    }
  }
}

// clang does not notice, and uses the module that it has.
TEST_P(OnDemand, HeaderIsEditedSecretly) {
  build_all();
  Scene(ws).rewrite_secretly("inc/b.h", "#pragma once\n#define B 9\n");
  for (int round = 0; round < 2; ++round)
    for (const char* unit : {"one", "two"}) compare(compile(unit));
  settle();  // now it notices
  for (const char* unit : {"one", "two"}) compare(compile(unit));
  remove_cache();
  for (const char* unit : {"one", "two"}) compare(compile(unit));
}

// A result that was compiled with an outdated module needs that module to be a hit.
TEST_P(OnDemand, SecretlyOldModuleIsNotTrusted) {
  ASSERT_TRUE(ws.run(compile("one").argv).ok());
  Scene(ws).rewrite_secretly("inc/b.h", "#pragma once\n#define B 9\n");
  for (int round = 0; round < 2; ++round)
    for (const char* unit : {"one", "two"}) compare(compile(unit));
  remove_cache();
  for (const char* unit : {"one", "two"}) compare(compile(unit));
}

TEST_P(OnDemand, MapOfModulesChanges) {
  build_all();
  const std::string map = ws.read("inc/module.modulemap");
  for (const std::string& other : {std::string("module A { header \"a.h\" export * }\n"),
                                   std::string("module B { header \"b.h\" }\n"), std::string()}) {
    other.empty() ? ws.remove("inc/module.modulemap") : ws.write("inc/module.modulemap", other);
    settle();
    // clang may reject the module that it has.
    for (const char* unit : {"one", "two"}) EXPECT_FALSE(compare(compile(unit)).is_hit()) << other;
    remove_cache();
    for (const char* unit : {"one", "two", "three"}) compare(compile(unit));
    expect_all("hit");
  }
  ws.write("inc/module.modulemap", map);
  remove_cache();
  expect_all("hit");
}

// A header that now comes before the one that was found: clang still has the old one in its module.
TEST_P(OnDemand, HeaderComesEarlierOnTheWay) {
  ws.write("inc/a.h", "#pragma once\n#include <b.h>\n#define A (B + 1)\n");
  settle();
  const auto build = [&](const char* unit) { return compare(compile(unit, {"-Ifirst"})); };
  ws.make_directory("first");
  const auto with_first = [&](const char* unit) {
    Command command = compile(unit);
    command.argv.insert(command.argv.begin() + 1, "-Ifirst");
    return command;
  };
  for (const char* unit : {"one", "two"}) outcome(with_first(unit));
  for (const char* unit : {"one", "two"}) EXPECT_TRUE(compare(with_first(unit)).is_hit()) << unit;
  ws.write("first/b.h", "#pragma once\n#define B 8\n");
  for (const char* unit : {"one", "two"}) compare(with_first(unit));
  remove_cache();
  for (const char* unit : {"one", "two"}) EXPECT_FALSE(compare(with_first(unit)).is_hit()) << unit;
  for (const char* unit : {"one", "two"}) build(unit);
}

// clang's name of a module does not include search paths: two orders of them share one module, and
// the first compile has made it.
TEST_P(OnDemand, OptionsThatShareAModule) {
  ws.write("inc/a.h", "#pragma once\n#include <c.h>\n#define A (C + 1)\n");
  ws.write("p/c.h", "#pragma once\n#define C 1\n");
  ws.write("q/c.h", "#pragma once\n#define C 2\n");
  settle();
  const auto with = [&](const char* unit, const char* one, const char* other) {
    return compile(unit, {one, other});
  };
  for (const char* unit : {"one", "two"}) {
    compare(with(unit, "-Ip", "-Iq"));
    compare(with(unit, "-Iq", "-Ip"));
  }
  for (int round = 0; round < 2; ++round) {
    remove_cache();
    for (const char* unit : {"two", "one"}) {
      compare(with(unit, "-Iq", "-Ip"));
      compare(with(unit, "-Ip", "-Iq"));
    }
  }
  remove_cache();
  compare(with("one", "-Ip", "-Iq"));
  compare(with("two", "-Iq", "-Ip"));
  fs::remove_all(cache());
  compare(with("two", "-Iq", "-Ip"));
}

TEST_P(OnDemand, ModuleIsReplacedOrDamaged) {
  build_all();
  const std::string b = ws.read(module("B"));
  write_b(4);
  ws.deja(compile("one").argv);
  const std::string other = ws.read(module("B"));
  write_b(3);
  remove_cache();
  ASSERT_TRUE(ws.run(compile("one").argv).ok());
  for (const std::string& bytes : {other, b.substr(0, b.size() / 2), std::string("CPCH")}) {
    ws.write(module("B"), bytes);
    for (const char* unit : {"one", "two"}) compare(compile(unit));
  }
}

// Modules that existed before the first run through deja are inputs, with their bytes and the times
// in them.
TEST_P(OnDemand, ModulesThatOthersMade) {
  ASSERT_TRUE(ws.run(compile("one").argv).ok());
  build_all();
  expect_all("hit");
  remove_cache();
  EXPECT_EQ(outcome(compile("one")), "miss");
  compare(compile("two"));
  write_b(6);
  expect_all("miss");
}

// clang prints the message when it makes the module, and not again.
TEST_P(OnDemand, MessagesOfModulesAreTheirMakers) {
  ws.write("inc/b.h",
           "#pragma once\n#define B 3\nstatic inline int unused(void) { int u; return 1; }\n");
  settle();
  outcome(compile("one", {"-Wall"}));
  EXPECT_EQ(ws.last_event().not_stored, "module_messages") << ws.last_event();
  remove_cache();
  for (int round = 0; round < 3; ++round) {
    for (const char* unit : {"one", "two", "one"}) compare(compile(unit, {"-Wall"}));
    remove_cache();
    for (const char* unit : {"two", "one", "one"}) compare(compile(unit, {"-Wall"}));
  }
}

TEST_P(OnDemand, AFailureWithModulesIsNotStored) {
  build_all();
  write_unit("one", "#error never\n");
  for (int round = 0; round < 2; ++round) {
    compare(compile("one"));
    EXPECT_EQ(ws.last_event().not_stored, "module_failure") << ws.last_event();
  }
}

// A message about the unit itself is replayed.
TEST_P(OnDemand, MessagesOfTheUnitComeBack) {
  outcome(compile("two", {"-Wall"}));
  write_unit("one", "static int never;\n");
  compare(compile("one", {"-Wall"}));
  const Verdict verdict = compare(compile("one", {"-Wall"}));
  EXPECT_TRUE(verdict.is_hit()) << verdict.event;
  EXPECT_NE(verdict.bare.err.find("never"), std::string::npos);
}

// clang reads the clock to find the age of its cache; a source that reads it as well is told apart.
TEST_P(OnDemand, TimeIsNotKept) {
  build_all();
  for (const std::string use : {"const char* now = __TIME__ \"\";\n", "NOW\n"}) {
    if (use == "NOW\n") {
      ws.write("inc/b.h", "#pragma once\n#define B 3\n#define NOW const char* now = __TIME__;\n");
      settle();
      outcome(compile("three"));
    }
    write_unit("one", use);
    for (int round = 0; round < 2; ++round) {
      outcome(compile("one"));
      EXPECT_NE(ws.last_event().not_stored, "") << use << ws.last_event();
    }
  }
  write_unit("one", "#if __has_include(\"" + cache() + "/modules.timestamp\")\n" +
                        "const char* now = __TIME__;\n#endif\n");
  for (int round = 0; round < 2; ++round) {
    outcome(compile("one"));
    EXPECT_NE(ws.last_event().not_stored, "") << ws.last_event();
  }
}

// A source that reads the cache learns something that no claim holds.
TEST_P(OnDemand, SourcesThatLookIntoTheCache) {
  build_all();
  const std::string file = module("B");
  for (const std::string& name : {file, cache() + "/modules.timestamp"}) {
    write_unit("one", "#if __has_include(\"" + name + "\")\nint there;\n#endif\n");
    for (int round = 0; round < 2; ++round) compare(compile("one"));
    EXPECT_EQ(ws.last_event().not_stored, "module_cache_named") << ws.last_event();
    remove_cache();
    compare(compile("one"));
  }
}

// What was checked once is then only watched.
TEST_P(OnDemand, ChangesAreNoticedUnderAWatch) {
  const auto watch = [&] {
    build_all();
    build_all();
    ws.let_engine_set_watches();
    expect_all("hit");
  };
  watch();
  write_b(4);
  expect_all("miss");
  watch();
  remove_cache();
  expect_all("hit");
  watch();
  ASSERT_TRUE(ws.run(compile("one").argv).ok());
  expect_all("hit");
  watch();
  ws.write(module("B"), "CPCH");
  for (const char* unit : {"one", "two"}) EXPECT_FALSE(compare(compile(unit)).is_hit());
  remove_cache();
  watch();
  remove_cache();
  write_b(5);
  expect_all("miss");
}

// After a week clang looks for modules that were not used for a month.
TEST_P(OnDemand, OldCacheIsSwept) {
  build_all();
  ASSERT_TRUE(ws.run({"touch", "-d", "40 days ago", cache() + "/modules.timestamp", module("A"),
                      module("B")})
                  .ok());
  write_unit("one", "int more;\n");
  compare(compile("one"));
  expect_all("hit");
}

TEST_P(OnDemand, FailuresAreCompiledAgain) {
  build_all();
  write_unit("one", "int x = nothing;\n");
  for (int round = 0; round < 2; ++round) {
    const Verdict verdict = compare(compile("one"));
    EXPECT_EQ(verdict.event.outcome, "failure");
  }
  write_unit("one");
  ws.write("inc/b.h", "#pragma once\n#error not today\n");
  settle();
  for (int round = 0; round < 2; ++round) compare(compile("one"));
}

TEST_P(OnDemand, CacheWhereTheEnvironmentSays) {
  const bool is_old = std::string(GetParam()) == "clang-14";  // it has no variable of its own
  if (is_old) fs::create_directories(ws.base() + "/clang");
  if (is_old) fs::create_symlink(cache(), ws.base() + "/clang/ModuleCache");
  fs::create_directories(cache());
  ws.set(is_old ? "XDG_CACHE_HOME=" + ws.base() : "CLANG_MODULE_CACHE_PATH=" + cache());
  Command command = compile("one");
  std::erase_if(command.argv, [](const std::string& a) { return a.find("-path=") != a.npos; });
  EXPECT_EQ(outcome(command), "miss");
  EXPECT_NE(module("A"), "");
  EXPECT_TRUE(compare(command).is_hit());
  for (const auto& entry : fs::directory_iterator(cache())) fs::remove_all(entry.path());
  EXPECT_TRUE(compare(command).is_hit());
  write_b(7);
  EXPECT_FALSE(compare(command).is_hit());
}

TEST_P(OnDemand, ManyAtOnce) {
  constexpr int kUnits = 12;
  std::vector<Process> running;
  for (int i = 0; i < kUnits; ++i) {
    write_unit("u" + std::to_string(i));
    running.push_back(ws.start(Workspace::with_deja(compile("u" + std::to_string(i)).argv)));
  }
  for (Process& process : running) EXPECT_TRUE(process.wait().ok());
  for (const bool without_cache : {false, true, true}) {
    if (without_cache) remove_cache();
    for (int i = 0; i < kUnits; ++i) compare(compile("u" + std::to_string(i)));
  }
  for (int i = 0; i < kUnits; ++i)
    EXPECT_TRUE(compare(compile("u" + std::to_string(i))).is_hit()) << i;
}

// Another checkout, which can reach the first one's modules.
TEST_P(OnDemand, AnotherCheckout) {
  for (const char* p : {"x", "y"}) {
    ws.make_directory(p);
    for (const char* part : {"inc", "one.c", "two.c"})
      ASSERT_TRUE(ws.run({"cp", "-a", part, std::string(p) + "/"}).ok());
  }
  ws.write("y/inc/b.h", "#pragma once\n#define B 12\n");
  set_time("y/inc/b.h", 1'650'000'000);
  for (const char* p : {"x", "y", "x", "y"}) {
    for (const char* unit : {"one", "two"}) {
      Command command = compile(unit, {"-g"});
      command.options.cwd = p;
      command.argv.back() = ws.path(std::string(p) + "/" + unit + ".o");
      compare(command);
    }
  }
}

TEST_P(OnDemand, WhatIsNotLookedUp) {
  for (const Argv& more : {Argv{"-gmodules"}, Argv{"-fmodules-prune-interval=1"}, Argv{"-E"},
                           Argv{"-fmodules-cache-path=."}, Argv{"-fmodule-file=x.pcm"},
                           Argv{"-fbuild-session-timestamp=1"}}) {
    Argv argv = {GetParam(), "-fmodules", "-fmodules-cache-path=" + cache(), "-Iinc"};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.insert(argv.end(), {"-c", "one.c"});
    ws.deja(argv);
    EXPECT_EQ(ws.last_event().outcome, "bypass") << more.front() << ws.last_event();
  }
}

}  // namespace
}  // namespace deja::test
