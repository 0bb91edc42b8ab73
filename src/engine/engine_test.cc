// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "journal/reader.h"
#include "journal/troubles.h"
#include "os/clock.h"
#include "os/directory_test.h"

namespace deja::engine {
namespace {

using pipeline::Outcome;
using pipeline::OutcomeKind;

// Runs nothing: of what is asked here, nothing comes to a run.
class NoClient final : public pipeline::Client {
 public:
  Result<pipeline::RunReport> run(const pipeline::RunOrder&) override { return gone(); }
  Result<std::optional<std::string>> read_stdin() override { return gone(); }
  bool keep_waiting() override { return false; }
  bool is_alive() override { return false; }

 private:
  static Error gone() { return {Code::unavailable, 0, "there is no client"}; }
};

class EngineTest : public os::DirectoryTest {
 protected:
  EngineTest() {
    request_.cwd = dir_;
    request_.argv = {"no-such-tool"};
  }
  std::unique_ptr<Engine> open() const {
    return Engine::open({.dir = cache(), .interposer = {}, .remote_library = {}});
  }
  std::string cache() const { return join_path(dir_, "cache"); }
  std::vector<journal::Event> events() const {
    auto read = journal::read_events(journal::journal_dir(cache()), 10);
    EXPECT_TRUE(read);
    return read ? *read : std::vector<journal::Event>();
  }

  pipeline::Request request_;
};

TEST_F(EngineTest, SettingsAreThoseOfTheRequestsEnvironmentAndDirectory) {
  const auto engine = open();
  EXPECT_FALSE(engine->settings_for(request_).disabled);
  write(".deja.toml", "[key]\nsalt = \"of the file\"\n[paths]\nportable = true\n");
  EXPECT_EQ(engine->settings_for(request_).salt, "of the file");
  EXPECT_TRUE(engine->settings_for(request_).portable);
  request_.environment = {"DEJA_KEY_SALT=of the environment", "DEJA_DISABLE=1"};
  EXPECT_EQ(engine->settings_for(request_).salt, "of the environment");
  EXPECT_TRUE(engine->settings_for(request_).disabled);
}

TEST_F(EngineTest, RulesAreThoseOfTheSettings) {
  const auto engine = open();
  write(".deja.toml",
        "exclude = ['*.y']\nmin_cost = '5ms'\nfallback = 'ccache'\n[bypass]\ntools = ['a']\n"
        "arguments = ['b']\nvariables = ['C']\n");
  const pipeline::Settings settings = engine->settings_for(request_);
  EXPECT_EQ(settings.rules.sources, std::vector<std::string>{"**/*.y"});
  EXPECT_EQ(settings.rules.tools, std::vector<std::string>{"a"});
  EXPECT_EQ(settings.rules.arguments, std::vector<std::string>{"b"});
  EXPECT_EQ(settings.rules.variables, std::vector<std::string>{"C"});
  EXPECT_EQ(settings.min_cost_ns, 5'000'000u);
  EXPECT_EQ(settings.fallback, "ccache");
}

// Also when requests of two projects come in turn.
TEST_F(EngineTest, AMistakeInAFileIsOneTrouble) {
  const auto engine = open();
  for (const char* project : {"one", "two"})
    write(std::string(project) + "/.deja.toml", "# mine\nexcludes = ['x']\n");
  for (int i = 0; i < 3; ++i) {
    for (const char* project : {"one", "two"}) {
      const std::string cwd = join_path(dir_, project);
      request_.cwd = cwd;
      static_cast<void>(engine->settings_for(request_));
    }
  }
  EXPECT_EQ(engine->journal().counts()[journal::Counter::errors], 2u);
  const auto troubles = journal::read_troubles(journal::journal_dir(cache()));
  ASSERT_TRUE(troubles);
  ASSERT_EQ(troubles->size(), 2u);
  EXPECT_EQ((*troubles)[0].count, 1u);
  EXPECT_EQ((*troubles)[0].text, join_path(dir_, "two") +
                                     "/.deja.toml:2: excludes: there is no such setting; did you "
                                     "mean exclude?; `deja config` lists all");
}

TEST_F(EngineTest, RecordsOneEventForARequest) {
  const auto engine = open();
  request_.argv = {"no-such-tool"};
  Outcome outcome;
  outcome.kind = OutcomeKind::miss;
  outcome.reason = "new";
  outcome.tool = "/bin/tool";
  outcome.tool_runs = 1;
  outcome.cost_ns = 5'000;
  outcome.troubles = {"something failed"};
  engine->record(outcome, request_, os::monotonic_ns());
  ASSERT_EQ(events().size(), 1u);
  EXPECT_EQ(events()[0].outcome, journal::Outcome::miss);
  EXPECT_EQ(events()[0].reason, "new");
  EXPECT_EQ(events()[0].tool, "/bin/tool");
  EXPECT_EQ(events()[0].cwd, dir_);
  EXPECT_EQ(events()[0].cost_us, 5u);
  const journal::Counts counts = engine->journal().counts();
  EXPECT_EQ(counts[journal::Counter::misses], 1u);
  EXPECT_EQ(counts[journal::Counter::tool_runs], 1u);
  EXPECT_EQ(counts[journal::Counter::errors], 1u);
}

TEST_F(EngineTest, TellsTheUserWhoHasAsked) {
  const auto engine = open();
  Outcome outcome;
  outcome.kind = OutcomeKind::hit;
  outcome.tell = Outcome::Tell::text;
  outcome.answer = pipeline::Replay{0, "out", "err"};
  engine->record(outcome, request_, os::monotonic_ns());
  const auto& replay = std::get<pipeline::Replay>(outcome.answer);
  EXPECT_EQ(replay.out, "out");
  EXPECT_TRUE(replay.err.starts_with("errdeja exec: hit")) << replay.err;
}

TEST_F(EngineTest, AToolThatIsNotThereAndThatNobodyKnowsIsNoEvent) {
  const auto engine = open();
  NoClient client;
  Outcome outcome = engine->handle(request_, engine->settings_for(request_), client);
  EXPECT_EQ(outcome.bypass, tool::BypassReason::tool_not_found);
  engine->record(outcome, request_, os::monotonic_ns());
  EXPECT_TRUE(events().empty());
}

TEST_F(EngineTest, ForgetsWhatItHasInMemory) {
  const auto engine = open();
  pipeline::Services& services = *engine->services();
  services.cache.results.put(ActionKey{}, std::make_shared<const action::ActionResult>(), 1);
  services.cache.manifests.put(ProbeKey{}, std::make_shared<const action::Manifest>(), 1);
  services.cache.last_probes.put(ProbeKey{}, std::make_shared<const ProbeKey>(), 1);
  engine->forget();
  EXPECT_EQ(services.cache.results.get(ActionKey{}), nullptr);
  EXPECT_EQ(services.cache.manifests.get(ProbeKey{}), nullptr);
  EXPECT_EQ(services.cache.last_probes.get(ProbeKey{}), nullptr);
}

// The tool runs, the journal says why, and the store is opened once more.
TEST_F(EngineTest, WithoutAStoreEveryRequestIsABypass) {
  write("cache/index", "a file where the index's directory belongs");
  write("cache/CACHEDIR.TAG", "");
  const auto engine = open();
  ASSERT_EQ(engine->services(), nullptr);
  NoClient client;
  const Outcome outcome = engine->handle(request_, engine->settings_for(request_), client);
  EXPECT_EQ(outcome.bypass, tool::BypassReason::internal_error);
  EXPECT_TRUE(outcome.reason.starts_with("store: ")) << outcome.reason;
  EXPECT_TRUE(std::holds_alternative<pipeline::ExecTool>(outcome.answer));
  EXPECT_EQ(std::get<pipeline::ExecTool>(outcome.answer).fallback, "");

  // Another wrapper may do its work meanwhile, as for any compiler that is not looked up.
  for (const char* program : {"bin/gcc", "bin/wrapper"}) {
    write(program, "a program");
    ASSERT_EQ(::chmod(join_path(dir_, program).c_str(), 0755), 0);
  }
  const std::string path = "PATH=" + join_path(dir_, "bin");
  request_.argv = {"gcc", "-c", "a.c"};
  request_.environment = {path, "DEJA_FALLBACK=wrapper"};
  const auto fallback_now = [&] {
    const Outcome again = engine->handle(request_, engine->settings_for(request_), client);
    return std::get<pipeline::ExecTool>(again.answer).fallback;
  };
  EXPECT_EQ(fallback_now(), join_path(dir_, "bin/wrapper"));
  request_.environment.push_back("DEJA_DISABLE=1");
  EXPECT_EQ(fallback_now(), "");

  engine->forget();
  ASSERT_TRUE(os::remove_tree(cache()));
  engine->maintain();
  EXPECT_NE(engine->services(), nullptr);
}

}  // namespace
}  // namespace deja::engine
