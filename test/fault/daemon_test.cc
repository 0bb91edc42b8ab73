// SPDX-License-Identifier: Apache-2.0
// The daemon dies or stops, at every possible moment.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "fault/fault.h"

namespace deja::test {
namespace {

class DaemonFault : public Fault {
 protected:
  // A compiler that reports its start and takes long.
  void slow_compiler(const std::string& more = "") {
    ws.script("gcc",
              "#!/bin/sh\necho started\nsleep 0.5\n" + more + "\nexec /usr/bin/gcc \"$@\"\n");
  }
  pid_t daemon() const {
    const pid_t pid = ws.daemon_pid();
    EXPECT_GT(pid, 0) << "no daemon";
    return pid;
  }
  void send_daemon(int signal) const {
    if (const pid_t pid = daemon(); pid > 0) ::kill(pid, signal);
  }
  static void wait_for_end_of(pid_t pid) {
    EXPECT_TRUE(wait_until([pid] { return has_ended_completely(pid); }));
  }
  // `delay` counts system calls.
  void kill_during_a_request(int delay) {
    tolerate_leftovers();
    ws.write("other.c", "");
    ws.deja({"gcc", "-c", "other.c"});  // starts a daemon
    reset();
    const pid_t pid = daemon();
    ASSERT_GT(pid, 0);
    Process client = start_client();
    for (int spin = 0; spin < delay; ++spin) ::getppid();
    ::kill(pid, SIGKILL);
    expect_like_bare(client.wait());
    wait_for_end_of(pid);
  }
  Process start_client() {
    Options options;
    options.deadline = kDeadline;
    return ws.start(Workspace::with_deja(argv()), options);
  }
};

TEST_P(DaemonFault, KilledWhileIdle) {
  warm();
  const pid_t pid = daemon();
  send_daemon(SIGKILL);
  wait_for_end_of(pid);
  expect_undisturbed();
  EXPECT_EQ(ws.last_event().outcome, "hit");
  EXPECT_GT(ws.daemon_pid(), 0) << "no new daemon";
}

TEST_P(DaemonFault, ToldToStopFinishesAndMakesRoom) {
  warm();
  const pid_t pid = daemon();
  EXPECT_TRUE(ws.deja({"daemon", "stop"}).ok());
  wait_for_end_of(pid);
  expect_undisturbed();
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

TEST_P(DaemonFault, TerminatedWhileIdle) {
  warm();
  const pid_t pid = daemon();
  send_daemon(SIGTERM);
  wait_for_end_of(pid);
  expect_undisturbed();
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

TEST_P(DaemonFault, KilledWhileAToolRuns) {
  slow_compiler();
  Process client = start_client();
  ASSERT_TRUE(client.wait_for_output());
  send_daemon(SIGKILL);
  Result result = client.wait();
  EXPECT_EQ(result.out, "started\n");
  result.out.clear();
  expect_like_bare(result);
}

TEST_P(DaemonFault, KilledWhileClientsWaitForAnothersRun) {
  slow_compiler();
  std::vector<Process> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(start_client());
  ASSERT_TRUE(clients.front().wait_for_output() || clients.back().wait_for_output());
  send_daemon(SIGKILL);
  for (Process& client : clients) {
    const Result result = client.wait();
    EXPECT_EQ(result.err, bare().err);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_FALSE(result.hung);
  }
}

TEST_P(DaemonFault, KilledInTheMiddleOfARequest) {
  for (int i = 0; i < 20; ++i) {
    kill_during_a_request(i * 20);
  }
}

TEST_P(DaemonFault, KilledInTheMiddleOfAHit) {
  warm();
  for (int i = 0; i < 20; ++i) {
    kill_during_a_request(i * 20);
  }
}

TEST_P(DaemonFault, StandsStill) {
  warm();
  send_daemon(SIGSTOP);
  expect_undisturbed();
}

TEST_P(DaemonFault, StandsStillAndTheRequestIsLarge) {
  warm();
  send_daemon(SIGSTOP);
  Options options;
  for (int i = 0; i < 20; ++i)
    options.env.push_back("LARGE_" + std::to_string(i) + "=" + std::string(100'000, 'x'));
  expect_undisturbed(options);
}

TEST_P(DaemonFault, StandsStillWhileAToolRuns) {
  slow_compiler();
  Process client = start_client();
  ASSERT_TRUE(client.wait_for_output());
  send_daemon(SIGSTOP);
  Result result = client.wait();
  result.out.clear();
  expect_like_bare(result);
}

TEST_P(DaemonFault, StandsStillWhileAToolPrintsALot) {
  slow_compiler("head -c 4000000 /dev/zero >&2");
  Process client = start_client();
  ASSERT_TRUE(client.wait_for_output());
  send_daemon(SIGSTOP);
  const Result result = client.wait();
  EXPECT_FALSE(result.hung);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err.size(), 4'000'000 + bare().err.size());
}

TEST_P(DaemonFault, StandsStillWhileClientsWaitForAnothersRun) {
  slow_compiler();
  Process runner = start_client();
  ASSERT_TRUE(runner.wait_for_output());
  Process waiter = start_client();
  send_daemon(SIGSTOP);
  for (Process* client : {&runner, &waiter}) {
    const Result result = client->wait();
    EXPECT_FALSE(result.hung);
    EXPECT_EQ(result.err, bare().err);
  }
}

// A user presses Ctrl-Z in one terminal, and another terminal compiles the same.
TEST_P(DaemonFault, RunnerIsSuspended) {
  slow_compiler();
  Options options;
  options.deadline = kDeadline;  // shorter than waiting for the other would take
  Process runner = ws.start(Workspace::with_deja(argv()), options);
  ASSERT_TRUE(runner.wait_for_output());
  ::kill(-runner.pid(), SIGSTOP);
  const Result result = ws.deja(argv(), options);
  EXPECT_FALSE(result.hung);
  EXPECT_EQ(result.err, bare().err);
  ::kill(-runner.pid(), SIGCONT);
  EXPECT_EQ(runner.wait().exit_code, 0);
}

TEST_P(DaemonFault, HasFewDescriptors) {
  Options options;
  options.in_child = [] {
    const struct rlimit limit = {24, 24};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  };
  for (int i = 0; i < 3; ++i) expect_undisturbed(options);
}

TEST_P(DaemonFault, ManyClientsAndFewDescriptors) {
  Options options;
  options.deadline = std::chrono::seconds(30);
  options.in_child = [] {
    const struct rlimit limit = {24, 24};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  };
  slow_compiler();
  std::vector<Process> clients;
  for (int i = 0; i < 24; ++i) {
    const std::string source = "s" + std::to_string(i) + ".c";
    ws.write(source, "int a;\n");
    clients.push_back(ws.start(Workspace::with_deja({"gcc", "-c", source}), options));
  }
  for (Process& client : clients) {
    const Result result = client.wait();
    EXPECT_TRUE(result.ok()) << result;
    EXPECT_EQ(result.err, "");
  }
}

ONLY_DAEMON(DaemonFault);

// Limits that the engine inherits from the process that starts it.
class LimitFault : public Fault {
 protected:
  void expect_undisturbed_with(int resource, rlim_t value) {
    Options options;
    options.in_child = [resource, value] {
      const struct rlimit limit = {value, value};
      ::setrlimit(static_cast<__rlimit_resource>(resource), &limit);
    };
    expect_undisturbed(options);
    expect_undisturbed(options);
  }
};

TEST_P(LimitFault, AddressSpace) { expect_undisturbed_with(RLIMIT_AS, 512 << 20); }
TEST_P(LimitFault, FileSize) { expect_undisturbed_with(RLIMIT_FSIZE, 16 << 10); }
TEST_P(LimitFault, LockedMemoryAndStack) { expect_undisturbed_with(RLIMIT_STACK, 256 << 10); }

EVERY_MODE(LimitFault);

}  // namespace
}  // namespace deja::test
