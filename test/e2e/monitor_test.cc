// SPDX-License-Identifier: Apache-2.0
// `deja monitor` in a pseudo-terminal: what it shows, and that it leaves the terminal as it was.
#include <gmock/gmock.h>
#include <signal.h>

#include "support/workspace.h"

namespace deja::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kEnter = "\x1b[?1049h\x1b[?25l";
constexpr const char* kLeave = "\x1b[?25h\x1b[?1049l";

class Monitor : public ::testing::Test {
 protected:
  void SetUp() override {
    ws.write("a.c", "int a;\n");
    ws.deja({"gcc", "-c", "a.c"});
  }
  // Starts it and waits until it shows the event.
  Process start(const std::vector<std::string>& env) {
    Process monitor =
        ws.start(Workspace::with_deja({"monitor"}), {.env = env, .streams = Streams::terminal});
    EXPECT_TRUE(monitor.wait_for_text("a.c"));
    return monitor;
  }
  Workspace ws{Mode::one_shot};
};

TEST_F(Monitor, LeavesTheTerminalCleanAfterAKey) {
  Process monitor = start({"TERM=xterm"});
  monitor.type("xq");
  const Result result = monitor.wait();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, AllOf(StartsWith(kEnter), EndsWith(kLeave),
                                HasSubstr("no engine running"), HasSubstr("last minute  ")));
}

TEST_F(Monitor, LeavesTheTerminalCleanAfterASignal) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Process monitor = start({"TERM=xterm"});
    // Ctrl-C as the terminal sends it.
    if (signal == SIGINT) {
      monitor.type("\x03");
    } else {
      monitor.send(signal);
    }
    const Result result = monitor.wait();
    EXPECT_EQ(result.signal, signal);
    EXPECT_THAT(result.out, EndsWith(kLeave));
  }
}

TEST_F(Monitor, ShowsNewEventsAndFollowsTheSize) {
  Process monitor = start({"TERM=xterm"});
  ws.write("another.c", "int b;\n");
  ws.deja({"gcc", "-c", "another.c"});
  EXPECT_TRUE(monitor.wait_for_text("another.c"));
  monitor.resize(30, 5);
  // The title is cut in the middle.
  EXPECT_TRUE(monitor.wait_for_text("…"));
  monitor.type("q");
  EXPECT_EQ(monitor.wait().exit_code, 0);
}

TEST_F(Monitor, HasNoColoursWhereTheyAreNotWanted) {
  for (const bool coloured : {true, false}) {
    Process monitor = start({"TERM=xterm", coloured ? "NO_COLOR" : "NO_COLOR=1"});
    monitor.type("q");
    EXPECT_EQ(monitor.wait().out.find("\x1b[33m") != std::string::npos, coloured);
  }
  Process monitor = start({"TERM=dumb"});
  monitor.type("q");
  EXPECT_THAT(monitor.wait().out, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace deja::test
