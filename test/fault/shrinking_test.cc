// SPDX-License-Identifier: Apache-2.0
// Files that another process truncates while the engine reads them.
#include <unistd.h>

#include <atomic>
#include <thread>

#include "fault/fault.h"

namespace deja::test {
namespace {

class ShrinkingFault : public Fault {};

// After the tool has ended, the engine searches sources and outputs.
TEST_P(ShrinkingFault, InputsAndOutputsNeverEndTheEngine) {
  warm();
  const pid_t engine = ws.daemon_pid();
  ASSERT_NE(engine, 0);
  // Large enough for the truncation to hit the search; "__FILE__" makes the engine search.
  const std::string source =
      "const char *name = __FILE__;\n/*" + std::string(24 << 20, 'a') + "*/\n";
  for (int round = 0; round < 12; ++round) {
    const std::string name = "big" + std::to_string(round);
    ws.write(name + ".c", source);
    std::atomic<bool> is_over{false};
    std::thread other([&] {
      const auto pause = [](int ms) {
        ::usleep(static_cast<useconds_t>(ms) * 1000);  // tidy-allow: sleep the moment must vary
      };
      while (!is_over && !ws.exists(name + ".o")) pause(1);
      pause(round);
      static_cast<void>(::truncate(ws.path(name + ".c").c_str(), 100) == 0);
      static_cast<void>(::truncate(ws.path(name + ".o").c_str(), 10) == 0);
    });
    ws.deja({"gcc", "-c", name + ".c", "-I" + ws.work()});
    is_over = true;
    other.join();
    ws.remove(name + ".c");
    EXPECT_EQ(ws.daemon_pid(), engine) << "round " << round;
  }
  reset();
  expect_undisturbed();
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

ONLY_DAEMON(ShrinkingFault);

}  // namespace
}  // namespace deja::test
