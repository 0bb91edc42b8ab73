// SPDX-License-Identifier: Apache-2.0
// Many clients at the same time.
#include <signal.h>

#include <sstream>
#include <vector>

#include "e2e/setup.h"

namespace deja::test {
namespace {

class Concurrent : public ModeTest {
 protected:
  // On a busy machine 64 one-shot engines take longer than the ten seconds that a client waits for
  // one.
  int clients() const { return GetParam() == Mode::daemon ? 64 : 12; }
  std::vector<Result> run_all(const std::vector<Argv>& commands) {
    std::vector<Process> clients;
    for (const Argv& argv : commands) clients.push_back(ws.start(Workspace::with_deja(argv)));
    std::vector<Result> results;
    for (Process& client : clients) results.push_back(client.wait());
    return results;
  }
  std::string events_but(const std::string& outcome) {
    std::ostringstream out;
    for (const Event& event : ws.events()) {
      if (event.outcome != outcome) out << event << '\n';
    }
    return out.str();
  }
};

TEST_P(Concurrent, OneFileIsCompiledOnceByADaemon) {
  ws.count_runs_of("gcc");
  ws.write("a.c", "#include <stdio.h>\nint f(void) { int unused; return puts(\"\"); }\n");
  const Argv argv = {"gcc", "-Wall", "-c", "a.c"};
  const Result bare = ws.run(argv);
  const std::string object = ws.read("a.o");
  const int before = ws.tool_runs();
  for (const Result& result : run_all(std::vector<Argv>(static_cast<std::size_t>(clients()), argv)))
    EXPECT_EQ(result, bare);
  EXPECT_TRUE(ws.read("a.o") == object);
  EXPECT_EQ(ws.events().size(), static_cast<std::size_t>(clients()));
  if (GetParam() == Mode::daemon) {
    EXPECT_EQ(ws.tool_runs() - before, 1) << events_but("hit");
    EXPECT_EQ(ws.engines().size(), 1u);
  }
}

TEST_P(Concurrent, DifferentFiles) {
  std::vector<Argv> commands;
  for (int i = 0; i < clients(); ++i) {
    const std::string name = "f" + std::to_string(i);
    ws.write(name + ".c", "int " + name + " = " + std::to_string(i) + ";\n");
    commands.push_back({"gcc", "-c", name + ".c"});
  }
  for (int round = 0; round < 2; ++round) {
    for (const Result& result : run_all(commands)) EXPECT_TRUE(result.ok()) << result;
    for (int i = 0; i < clients(); ++i) {
      const std::string name = "f" + std::to_string(i);
      EXPECT_NE(ws.read(name + ".o").find(name), std::string::npos);
      ws.remove(name + ".o");
    }
  }
  int hits = 0;
  for (const Event& event : ws.events()) hits += event.outcome == "hit" ? 1 : 0;
  EXPECT_EQ(hits, clients()) << ws.events().size() << " events\n"
                             << events_but("hit") << ws.troubles();
}

TEST_P(Concurrent, OneOutputOfTwoSources) {
  ws.write("a.c", "int a;\n");
  ws.write("b.c", "int b;\n");
  std::vector<Argv> commands;
  for (int i = 0; i < 16; ++i)
    commands.push_back({"gcc", "-c", i % 2 == 0 ? "a.c" : "b.c", "-o", i % 4 < 2 ? "x.o" : "y.o"});
  for (const Result& result : run_all(commands)) EXPECT_TRUE(result.ok()) << result;
  // The last writer wins; a stored result must never be a mixture.
  for (const char* source : {"a.c", "b.c"}) ws.expect_unchanged({"gcc", "-c", source, "-o", "x.o"});
}

TEST_P(Concurrent, ClientsThatLeaveHoldUpNoOther) {
  ws.script("gcc", "#!/bin/sh\necho started\nsleep 1\nexec /usr/bin/gcc \"$@\"\n");
  ws.write("a.c", "int a;\n");
  Process runner = ws.start(Workspace::with_deja({"gcc", "-c", "a.c"}));
  ASSERT_TRUE(runner.wait_for_output());
  Process waiter = ws.start(Workspace::with_deja({"gcc", "-c", "a.c"}));
  runner.send(SIGKILL);
  EXPECT_EQ(runner.wait().signal, SIGKILL);
  const Result result = waiter.wait();
  EXPECT_TRUE(result.ok()) << result;
  EXPECT_TRUE(ws.exists("a.o"));
}

TEST_P(Concurrent, AnOutputEditedBeforeTheToolHasEndedIsNotStored) {
  ws.script("gcc", "#!/bin/sh\n/usr/bin/gcc \"$@\" || exit\necho made\nexec sleep 1\n");
  for (const bool edit : {true, false}) {
    ws.write("a.c", edit ? "int a;\n" : "int b;\n");
    Process runner = ws.start(Workspace::with_deja({"gcc", "-c", "a.c"}));
    ASSERT_TRUE(runner.wait_for_output());
    if (edit) ws.write("a.o", "not what the compiler has made");
    EXPECT_TRUE(runner.wait().ok());
    EXPECT_EQ(ws.last_event().outcome, "miss");
    ws.remove("a.o");
    const Result again = ws.run(Workspace::with_deja({"gcc", "-c", "a.c"}));
    EXPECT_TRUE(again.ok()) << again;
    EXPECT_EQ(ws.last_event().outcome, edit ? "miss" : "hit");
    EXPECT_NE(ws.read("a.o").find("ELF"), std::string::npos);
  }
}

EVERY_MODE(Concurrent);

}  // namespace
}  // namespace deja::test
