// SPDX-License-Identifier: Apache-2.0
// The engine's log: where its user's file says, unless the environment says otherwise.
#include "e2e/setup.h"

namespace deja::test {
namespace {

class Log : public ModeTest {
 protected:
  void SetUp() override {
    ModeTest::SetUp();
    ws.write("a.c", "int a;\n");
    ws.write(ws.home() + "/.config/deja/config.toml", "log = 'engine.log'\n");
  }
  std::string in_file() const { return ws.home() + "/.config/deja/engine.log"; }
  std::string in_environment() const { return ws.home() + "/other.log"; }
};

// The first thing that there is to say of a new cache.
constexpr const char* kLine = "store index is absent";

TEST_P(Log, IsWhereTheUsersFileSays) {
  ws.expect_miss({"gcc", "-c", "a.c"});
  EXPECT_NE(ws.read(in_file()).find(kLine), std::string::npos);
}

TEST_P(Log, IsWhereTheEnvironmentSays) {
  ws.expect_miss({"gcc", "-c", "a.c"}, {.env = {"DEJA_LOG=" + in_environment()}});
  EXPECT_NE(ws.read(in_environment()).find(kLine), std::string::npos);
  EXPECT_FALSE(ws.exists(in_file()));
}

// One engine serves all projects.
TEST_P(Log, IsNoProjectsAffair) {
  ws.write(".deja.toml", "log = 'engine.log'\n");
  ws.expect_miss({"gcc", "-c", "a.c"});
  EXPECT_FALSE(ws.exists("engine.log"));
  EXPECT_NE(ws.troubles().find("log: works only in the user's own file"), std::string::npos)
      << ws.troubles();
}

EVERY_MODE(Log);

}  // namespace
}  // namespace deja::test
