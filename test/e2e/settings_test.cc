// SPDX-License-Identifier: Apache-2.0
// Every setting, switched on while a warm engine has the answer in its request cache: what can change an
// answer must do so at once, what cannot must not cost the hit.
#include "config/config.h"
#include "e2e/setup.h"

namespace deja::test {
namespace {

struct SettingRow {
  const char* key;
  const char* line;     // of a configuration file
  const char* outcome;  // of a command that would be a hit without it
};

// A setting without a row here fails EverySettingIsHere.
constexpr SettingRow kSettingRows[] = {
    {"disable", "disable = true", "bypass"},
    {"store.limit", "store.limit = \"5G\"", "hit"},
    {"store.spares", "store.spares = 0", "hit"},
    {"paths.portable", "paths.portable = true", "miss"},
    {"paths.base_dirs", "paths.base_dirs = [\"../../..\"]", "hit"},  // nothing here names it
    {"key.salt", "key.salt = \"pepper\"", "miss"},
    {"tools.*", "tools.gcc = \"any\"", "miss"},
    {"audit.rate", "audit.rate = \"1\"", "hit"},
    {"daemon.mode", "daemon.mode = \"off\"", "hit"},
    {"daemon.idle_exit", "daemon.idle_exit = \"2h\"", "hit"},
    {"rust.incremental", "rust.incremental = false", "hit"},
    {"rust.build_scripts", "rust.build_scripts = true", "hit"},
    {"log", "log = \"deja.log\"", "hit"},
    {"heartbeat", "heartbeat = \"5m\"", "hit"},
    {"progress", "progress = \"all\"", "hit"},
    {"exclude", "exclude = [\"sub/\"]", "bypass"},
    {"bypass.tools", "bypass.tools = [\"gcc*\"]", "bypass"},
    {"bypass.arguments", "bypass.arguments = [\"-[gG]\"]", "bypass"},
    {"bypass.variables", "bypass.variables = [\"HOME\"]", "bypass"},
    {"min_cost", "min_cost = \"1h\"", "hit"},
    {"fallback", "fallback = \"ccache\"", "hit"},
    {"run.never", "run.never = [\"gcc\"]", "hit"},
    {"run.driver", "run.driver = [\"gcc\"]", "hit"},
    {"run.always", "run.always = [\"gcc\"]", "hit"},
    {"run.commands", "run.commands = true", "hit"},
    {"remote", "remote = [\"file:///nowhere\"]", "hit"},
    {"remote_mode", "remote_mode = \"ro\"", "hit"},
    {"remotes.namespace", "remotes.namespace = \"team\"", "hit"},
    {"remotes.timeout", "remotes.timeout = \"1s\"", "hit"},
    {"remotes.signing_key", "remotes.signing_key = \"key\"", "hit"},
    {"remotes.trusted_writers", "remotes.trusted_writers = \"writers\"", "hit"},
    {"remotes.prefetch", "remotes.prefetch = false", "hit"},
    {"remotes.project", "remotes.project = \"team/x\"", "hit"},
    {"remotes.upload_limit", "remotes.upload_limit = \"5M\"", "hit"},
    {"remotes.download_limit", "remotes.download_limit = \"5M\"", "hit"},
};

class EverySetting : public ::testing::TestWithParam<SettingRow> {
 protected:
  void SetUp() override { NEEDS_TOOL("gcc"); }
  Workspace ws{Mode::daemon};
};

TEST_P(EverySetting, CountsBesideAWarmEngine) {
  const SettingRow& row = GetParam();
  ws.set("DEJA_DAEMON");  // the environment would win over files
  const std::string file = ws.home() + "/.config/deja/config.toml";
  const Argv compile = {"gcc", "-g", "-c", "sub/a.c", "-o", "a.o"};
  ws.write("sub/a.c", "const char* where = __FILE__;\n");
  ws.write(file, "");
  ws.let_settle("sub/a.c");
  ws.expect_miss(compile);
  ws.expect_hit(compile);
  ws.let_engine_set_watches();
  ws.expect_hit(compile);

  ws.write(file, std::string(row.line) + "\n");
  const Result result = ws.deja(compile);
  EXPECT_TRUE(result.ok()) << result.err;
  EXPECT_EQ(ws.last_event().outcome, row.outcome) << ws.last_event();
  // What the setting does is seen, not only counted.
  EXPECT_EQ(ws.last_event().tool_runs,
            std::string(row.outcome) != "hit" || std::string(row.key) == "audit.rate" ? 1 : 0);
  EXPECT_EQ(result.err.find("deja: ") != std::string::npos, std::string(row.key) == "progress")
      << result.err;

  // And off again: the answer from before is still good.
  ws.write(file, "");
  ws.expect_hit(compile);
}

INSTANTIATE_TEST_SUITE_P(, EverySetting, ::testing::ValuesIn(kSettingRows), [](const auto& row) {
  std::string name = row.param.key;
  for (char& c : name) c = c == '.' || c == '*' ? '_' : c;
  return name;
});

TEST(EverySettingIsHere, InTheOrderOfTheTable) {
  const auto& table = config::settings();
  ASSERT_EQ(table.size(), std::size(kSettingRows)) << "give the new setting a row in kSettingRows";
  for (std::size_t i = 0; i < table.size(); ++i) EXPECT_STREQ(table[i].key, kSettingRows[i].key);
}

}  // namespace
}  // namespace deja::test
