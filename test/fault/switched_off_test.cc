// SPDX-License-Identifier: Apache-2.0
// What a configuration file turns off is off at once.
#include "fault/fault.h"

namespace deja::test {
namespace {

class SwitchedOffFault : public Fault {
 protected:
  void SetUp() override {
    Fault::SetUp();
    if (IsSkipped()) return;
    ws.set("DEJA_DAEMON");  // it would override the files
    warm();
  }
  void configure(const std::string& text) {
    ws.write(ws.home() + "/.config/deja/config.toml", text);
  }
  // The daemon ends after it has answered.
  bool has_daemon_ended() const {
    return wait_until([this] { return ws.engines().empty(); });
  }
};

TEST_P(SwitchedOffFault, AWarmEngineServesNothingMore) {
  ws.let_engine_set_watches();  // from then on its answers need no system call on files
  ws.expect_hit(argv());
  reset();
  configure("disable = true\n");
  expect_undisturbed();
  EXPECT_EQ(ws.last_event().outcome, "bypass");
  EXPECT_EQ(ws.last_event().reason, "disabled");
  configure("disable = false\n");
  expect_undisturbed();
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

TEST_P(SwitchedOffFault, AfterAPurgeTheToolRuns) {
  ws.let_engine_set_watches();
  ws.expect_hit(argv());
  reset();
  ASSERT_TRUE(ws.deja({"purge", "--yes"}).ok());
  ws.expect_miss(argv());
  reset();
  ws.expect_hit(argv());
}

TEST_P(SwitchedOffFault, NoDaemonStaysOrStarts) {
  ASSERT_NE(ws.daemon_pid(), 0);
  configure("[daemon]\nmode = \"off\"\n");
  for (int i = 0; i < 3; ++i) {
    expect_undisturbed();
    EXPECT_EQ(ws.last_event().outcome, "hit");
    EXPECT_TRUE(has_daemon_ended());
    EXPECT_TRUE(ws.exists(ws.cache() + "/daemon.off"));
  }
  // The environment overrides the files.
  expect_undisturbed({.env = {"DEJA_DAEMON=auto"}});
  EXPECT_FALSE(ws.exists(ws.cache() + "/daemon.off"));
  expect_undisturbed();
  EXPECT_TRUE(has_daemon_ended());

  configure("");
  expect_undisturbed();  // notices that the file is gone
  EXPECT_FALSE(ws.exists(ws.cache() + "/daemon.off"));
  expect_undisturbed();
  EXPECT_NE(ws.daemon_pid(), 0);
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

TEST_P(SwitchedOffFault, AProjectsFileToo) {
  ws.write(ws.base() + "/.deja.toml", "daemon.mode = \"off\"\n");
  expect_undisturbed();
  EXPECT_TRUE(has_daemon_ended());
  expect_undisturbed();
  EXPECT_TRUE(has_daemon_ended());
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

ONLY_DAEMON(SwitchedOffFault);

}  // namespace
}  // namespace deja::test
