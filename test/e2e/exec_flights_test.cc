// SPDX-License-Identifier: Apache-2.0
// Many concurrent callers of one `deja exec`. The tool counts its runs by appending to an inherited
// descriptor, which is not an output.
#include <poll.h>
#include <signal.h>

#include <algorithm>

#include "e2e/exec.h"

namespace deja::test {
namespace {

class ExecFlights : public ExecTest {
 protected:
  void SetUp() override {
    ws.write("in", "1\n");
    ws.script("slow",
              "#!/bin/sh\necho run >> '" + ws.base() +
                  "/ticks'\n/bin/sleep ${WAIT:-1}\n"
                  "echo told; echo warned >&2\nread -r n < in\n[ -z \"$1\" ] || echo $n > \"$1\"\n"
                  "exit ${CODE:-0}\n");
  }
  // Appending changes a file in place, so an observed run that appends is not stored.
  Argv slow(Argv options, const Argv& more = {}) const {
    options.insert(options.end(), {"--declared-only", "--input-file", "in", "--pass-env", "WAIT",
                                   "--pass-env", "CODE"});
    Argv command = {"slow"};
    command.insert(command.end(), more.begin(), more.end());
    return exec(options, command);
  }
  int ticks() const {
    const std::string text = ws.exists(ws.base() + "/ticks") ? ws.read(ws.base() + "/ticks") : "";
    return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  }
  // Waits for a condition that should hold within moments.
  template <typename Condition>
  static void wait_until(Condition condition) {
    for (int i = 0; i < 6000 && !condition(); ++i) ::poll(nullptr, 0, 5);
    ASSERT_TRUE(condition());
  }
  void wait_for_sessions(int count) const {
    const std::string wanted = "\"sessions\": " + std::to_string(count);
    wait_until([&] {
      return ws.deja({"daemon", "status", "--format", "json"}).out.find(wanted) !=
             std::string::npos;
    });
  }
  std::vector<Result> run_all(const std::vector<Argv>& commands, const Options& options = {}) {
    std::vector<Process> clients;
    for (const Argv& argv : commands)
      clients.push_back(ws.start(Workspace::with_deja(argv), options));
    std::vector<Result> results;
    for (Process& client : clients) results.push_back(client.wait());
    return results;
  }
};

TEST_P(ExecFlights, OneRunForAllCallers) {
  const Argv argv = slow({"--output-file", "out"}, {"out"});
  for (const Result& r : run_all(std::vector<Argv>(40, argv))) {
    EXPECT_TRUE(r.ok()) << r;
    EXPECT_EQ(r.out, "told\n");
    EXPECT_EQ(r.err, "warned\n");
  }
  EXPECT_EQ(ticks(), 1);
  EXPECT_EQ(ws.read("out"), "1\n");
}

// The set of inputs is only known after the run.
TEST_P(ExecFlights, OneRunForManyWhenTheInputsAreNew) {
  ws.script("tool", "#!/bin/sh\necho run >> '" + ws.base() +
                        "/ticks'\n/bin/sleep 1\necho 'out: in' > out.d\n");
  const Argv argv = exec({"--declared-only", "--depfile", "out.d"}, {"tool"});
  for (int round = 1; round <= 2; ++round) {
    for (const Result& r : run_all(std::vector<Argv>(20, argv))) EXPECT_TRUE(r.ok()) << r;
    EXPECT_EQ(ticks(), round);
    ws.write("in", "another\n");
  }
}

// The client that runs the tool stores nothing; the waiting clients get its result all the same.
TEST_P(ExecFlights, ReadOnlyRunsAndFailuresAreSharedToo) {
  for (const Result& r : run_all(std::vector<Argv>(20, slow({"--read-only"})))) {
    EXPECT_TRUE(r.ok()) << r;
    EXPECT_EQ(r.out, "told\n");
  }
  EXPECT_EQ(ticks(), 1);
  for (const Result& r : run_all(std::vector<Argv>(20, slow({})), {.env = {"CODE=3"}})) {
    EXPECT_EQ(r.exit_code, 3) << r;
    EXPECT_EQ(r.out, "told\n");
  }
  EXPECT_EQ(ticks(), 2);
  EXPECT_EQ(ws.deja(slow({}), {.env = {"CODE=3"}}).exit_code, 3);  // but it was not stored
  EXPECT_EQ(ticks(), 3);
}

TEST_P(ExecFlights, EachWaiterGetsTheStreamsItWants) {
  std::vector<Argv> commands;
  for (int i = 0; i < 20; ++i)
    commands.push_back(slow({i % 2 == 0 ? "--output-stdout=false" : "--output-stderr=false"}));
  const auto results = run_all(commands);
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].out, i % 2 == 0 ? "" : "told\n");
    EXPECT_EQ(results[i].err, i % 2 == 0 ? "warned\n" : "");
  }
  EXPECT_EQ(ticks(), 1);
}

// A dead owner is replaced by one of those who wait, not by all of them.
TEST_P(ExecFlights, OneWaiterRunsWhenTheOwnerIsKilled) {
  const std::string gate = ws.base() + "/gate";
  ws.script("held", "#!/bin/sh\necho run >> '" + ws.base() + "/ticks'\nwhile [ ! -e '" + gate +
                        "' ]; do /bin/sleep 0.05; done\n");
  const Argv argv = Workspace::with_deja(exec({"--declared-only"}, {"held"}));
  Process owner = ws.start(argv);
  wait_until([&] { return ticks() > 0; });
  std::vector<Process> others;
  for (int i = 0; i < 20; ++i) others.push_back(ws.start(argv));
  wait_for_sessions(21);
  owner.send(SIGKILL);
  wait_until([&] { return ticks() > 1; });
  ws.write(gate, "");
  for (Process& other : others) EXPECT_TRUE(other.wait().ok());
  EXPECT_EQ(ticks(), 2);
}

// A tool that is ended by a signal says nothing of the next: one more runs, not all.
TEST_P(ExecFlights, RunsEndedByASignalAreNotShared) {
  ws.script("cut", "#!/bin/sh\necho run >> '" + ws.base() + "/ticks'\n/bin/sleep 1\n[ -e '" +
                       ws.base() + "/well' ] || kill -KILL $$\n");
  const Argv argv = exec({"--declared-only"}, {"cut"});
  std::vector<Process> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(ws.start(Workspace::with_deja(argv)));
  wait_until([&] { return ticks() > 0; });
  wait_until([&] { return ticks() > 1; });
  ws.write(ws.base() + "/well", "");
  int died = 0;
  for (Process& client : clients) died += client.wait().signal == SIGKILL ? 1 : 0;
  EXPECT_EQ(died, 1);
  EXPECT_EQ(ticks(), 2);
}

// --no-cache: each client runs the tool, as without deja.
TEST_P(ExecFlights, NoCacheRunsEachCaller) {
  for (const Result& r : run_all(std::vector<Argv>(4, slow({"--no-cache"})), {.env = {"WAIT=0"}}))
    EXPECT_EQ(r.out, "told\n");
  EXPECT_EQ(ticks(), 4);
}

INSTANTIATE_TEST_SUITE_P(, ExecFlights, ::testing::Values(Mode::daemon), mode_label);

}  // namespace
}  // namespace deja::test
