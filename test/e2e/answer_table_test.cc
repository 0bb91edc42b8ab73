// SPDX-License-Identifier: Apache-2.0
// Hits that a client takes from the engine's table by itself, seen from outside. That they are right when something
// changes is what the other suites test, which come this way as well.
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "e2e/setup.h"

namespace deja::test {
namespace {

class AnswerTable : public SetupTest {
 protected:
  void SetUp() override {
    SetupTest::SetUp();
    ws.write("a.h", "#define V 1\n");
    ws.write("a.c", "#include \"a.h\"\n#warning \"look here\"\nint a = V;\n");
    ws.let_settle("a.c");
  }
  Argv compile() const { return {cc(), "-MD", "-c", "a.c", "-o", "a.o"}; }

  std::uint64_t taken() const {
    ws.collect_events();
    const Result status = ws.run({ws.program(), "daemon", "status", "--format", "json"});
    return nlohmann::json::parse(status.out).value("taken_from_table", std::uint64_t{0});
  }
  // Repeats a hit until a client takes it from the table, and leaves what that client has left.
  void warm_up(const Argv& argv) {
    ws.expect_miss(argv);
    const std::uint64_t before = taken();
    for (int i = 0; i < 100 && taken() == before; ++i) {
      ws.remove("a.o");
      ws.let_engine_set_watches();
      ws.expect_hit(argv);
    }
    ASSERT_GT(taken(), before) << "the table is never used" << ws.troubles();
  }
};

TEST_P(AnswerTable, LeavesWhatTheCompilerLeaves) {
  const Result plain = ws.run(compile());
  const Tree wanted = ws.tree();
  ws.remove("a.o");
  ws.remove("a.d");
  warm_up(compile());
  const Result hit = ws.expect_hit(compile());
  EXPECT_EQ(hit.err, plain.err);
  EXPECT_EQ(hit.out, plain.out);
  EXPECT_EQ(ws.tree(), wanted);
}

TEST_P(AnswerTable, LargeOutputsComeFromTheStore) {
  ws.write("a.c", "#include \"a.h\"\nint a[100000] = {V};\n");
  ws.let_settle("a.c");
  ws.run(compile());
  const Tree wanted = ws.tree();
  ws.remove("a.d");
  warm_up(compile());
  EXPECT_EQ(ws.tree(), wanted);
}

// One event for each command, whoever has answered it.
TEST_P(AnswerTable, EveryHitIsCounted) {
  warm_up(compile());
  const std::size_t before = ws.events().size();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(ws.deja(compile()).ok());
  const auto events = ws.events();
  ASSERT_EQ(events.size(), before + 20);
  for (const Event& e : events) EXPECT_EQ(e.what, "a.c");
  EXPECT_EQ(events.back().outcome, "hit");
}

TEST_P(AnswerTable, AnEditIsNoticed) {
  warm_up(compile());
  ws.write("a.h", "#define V 2\n");
  ws.expect_miss(compile());
}

// Each change right after a hit from the table, before the engine has looked.
TEST_P(AnswerTable, EveryKindOfChangeIsNoticed) {
  namespace fs = std::filesystem;
  ws.write("inc/v.h", "#define V 1\n");
  ws.write("a.c", "#include \"v.h\"\nint a = V;\n");
  ws.let_settle("a.c");
  const Argv argv = {cc(), "-Iinc", "-c", "a.c", "-o", "a.o"};
  warm_up(argv);
  int version = 1;
  const auto text = [&version] { return "#define V " + std::to_string(++version) + "\n"; };
  const std::vector<std::pair<const char*, std::function<void()>>> changes = {
      {"written in place", [&] { ws.write("inc/v.h", text()); }},
      {"replaced by a rename",
       [&] {
         ws.write("inc/new.h", text());
         fs::rename(ws.path("inc/new.h"), ws.path("inc/v.h"));
       }},
      {"written through a hard link",
       [&] {
         fs::create_hard_link(ws.path("inc/v.h"), ws.path("other.h"));
         ws.write("other.h", text());
       }},
      {"made a symlink",
       [&] {
         ws.write("inc/real.h", text());
         ws.remove("inc/v.h");
         fs::create_symlink("real.h", ws.path("inc/v.h"));
       }},
      {"in another directory of the same name",
       [&] {
         ws.write("new/v.h", text());
         fs::rename(ws.path("inc"), ws.path("old"));
         fs::rename(ws.path("new"), ws.path("inc"));
       }},
      {"found earlier", [&] { ws.write("v.h", text()); }},
  };
  for (const auto& [how, change] : changes) {
    SCOPED_TRACE(how);
    for (int i = 0; i < 3; ++i) {
      ws.deja(argv);
      ws.let_engine_set_watches();
    }
    ws.deja(argv);
    change();
    ws.expect_miss(argv);
  }
}

TEST_P(AnswerTable, AConfigurationFileCountsAtOnce) {
  warm_up(compile());
  ws.write(".deja.toml", "disable = true\n");
  ws.expect_bypass("disabled", compile());
  ws.remove(".deja.toml");
  ws.expect_hit(compile());
}

TEST_P(AnswerTable, NothingIsLeftAfterAPurge) {
  warm_up(compile());
  EXPECT_TRUE(ws.run({ws.program(), "purge", "--yes"}).ok());
  ws.expect_miss(compile());
}

TEST_P(AnswerTable, WithoutADaemonItIsNotUsed) {
  warm_up(compile());
  ws.set("DEJA_DAEMON=off");
  const std::uint64_t before = taken();
  ws.expect_hit(compile());
  EXPECT_EQ(taken(), before);
}

TEST_P(AnswerTable, AnEngineThatWasKilledLeavesNoTable) {
  warm_up(compile());
  ::kill(ws.daemon_pid(), SIGKILL);
  // Until it is gone its answers are good, but nobody collects the notes of their uses.
  for (int i = 0; i < 100 && ws.daemon_pid() != 0; ++i) ws.let_engine_set_watches();
  ws.expect_hit(compile());
  ws.write("a.h", "#define V 2\n");
  ws.expect_miss(compile());
}

// What stands in the way of an output is the engine's to judge.
TEST_P(AnswerTable, AnOutputThatMayNotBeReplacedIsLeftToTheTool) {
  warm_up(compile());
  ws.write("other", "text");
  ws.remove("a.o");
  ::symlink("other", ws.path("a.o").c_str());
  const Result plain = ws.run(compile());
  const Tree wanted = ws.tree();
  ws.write("other", "text");
  ws.remove("a.o");
  ::symlink("other", ws.path("a.o").c_str());
  EXPECT_EQ(ws.deja(compile()).ok(), plain.ok());
  EXPECT_EQ(ws.tree(), wanted);
}

TEST_P(AnswerTable, ABlobThatIsGoneIsCompiledAgain) {
  ws.write("a.c", "#include \"a.h\"\nint a[100000] = {V};\n");
  ws.let_settle("a.c");
  warm_up(compile());
  ws.remove(ws.cache() + "/blobs");
  ws.make_directory(ws.cache() + "/blobs");
  const Result result = ws.deja(compile());
  EXPECT_TRUE(result.ok()) << result;
  EXPECT_TRUE(ws.exists("a.o"));
}

// The same action, run once more because its result is too old for another request.
TEST_P(AnswerTable, ALaterResultTakesThePlaceOfTheFirst) {
  const Argv any_age = {"exec", "--env", "all", "--", "/bin/sh", "-c", "echo $$"};
  warm_up(any_age);
  const std::string first = ws.deja(any_age).out;
  const Argv young = {"exec", "--env", "all", "--ttl", "1s", "--", "/bin/sh", "-c", "echo $$"};
  std::string later = first;
  for (int i = 0; i < 100 && later == first; ++i) {  // until it is a second old
    ws.let_engine_set_watches();
    later = ws.deja(young).out;
  }
  ASSERT_NE(later, first);
  for (int i = 0; i < 12; ++i) {
    EXPECT_NE(ws.deja(any_age).out, first);
    ws.let_engine_set_watches();
  }
}

TEST_P(AnswerTable, ShellNoiseThatIsDeclaredCounts) {
  for (const char* name : {"SHLVL", "OLDPWD"}) {
    const std::string one = std::string(name) + "=5", other = std::string(name) + "=6";
    const Argv argv = {"exec", "--env", "declared", "--input-env", name, "--", "/usr/bin/env"};
    for (int i = 0; i < 6; ++i) {
      EXPECT_NE(ws.deja(argv, {.env = {one}}).out.find(one), std::string::npos);
      ws.let_engine_set_watches();
    }
    EXPECT_NE(ws.deja(argv, {.env = {other}}).out.find(other), std::string::npos) << name;
  }
}

TEST_P(AnswerTable, AFifoInItsPlaceHoldsUpNobody) {
  warm_up(compile());
  ws.remove(ws.cache() + "/answers");
  ASSERT_EQ(::mkfifo((ws.cache() + "/answers").c_str(), 0600), 0);
  ws.expect_hit(compile());
}

// The engine compares the places of outputs with what was declared each time.
TEST_P(AnswerTable, AnOutputThatIsDeclaredByASymlink) {
  ws.write("in.txt", "text");
  ws.make_directory("d1");
  ws.make_directory("d2");
  std::filesystem::create_directory_symlink("d1", ws.path("sub"));
  const Argv argv = {"exec", "--output-file", "sub/out.txt", "--", "cp", "in.txt", "d1/out.txt"};
  ws.expect_miss(argv);
  for (int i = 0; i < 5; ++i) {
    ws.let_engine_set_watches();
    ws.expect_hit(argv);
  }
  ws.remove("sub");
  std::filesystem::create_directory_symlink("d2", ws.path("sub"));
  ws.deja(argv);
  EXPECT_NE(ws.last_event().outcome, "hit");
}

INSTANTIATE_TEST_SUITE_P(, AnswerTable, ::testing::Values(Setup{"gcc", Mode::daemon}), setup_label);

}  // namespace
}  // namespace deja::test
