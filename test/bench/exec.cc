// SPDX-License-Identifier: Apache-2.0
// Times a hit of `deja exec` with few and with many declared inputs, compared with the tool itself
// and with a compiler wrapper (ccache, one small C file); and many concurrent callers of one key.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "bench/harness.h"
#include "bench/units.h"

namespace deja::bench {
namespace {

constexpr int kExecRounds = 200;
constexpr int kCallers = 1000;

// The tool reads all inputs and writes one output.
Command tool(int inputs) {
  Command command = {"/bin/cat"};
  for (int i = 0; i < inputs; ++i) command.push_back("in/" + std::to_string(i));
  return command;
}

Command exec(Workspace& workspace, const Command& options, const Command& command) {
  Command out = {workspace.deja(), "exec"};
  out.insert(out.end(), options.begin(), options.end());
  out.emplace_back("--");
  out.insert(out.end(), command.begin(), command.end());
  return out;
}

void measure_exec(Workspace& workspace, int inputs, int rounds) {
  std::string list;
  Command declared;
  for (int i = 0; i < inputs; ++i) {
    const std::string name = "in/" + std::to_string(i);
    list += name + "\n";
    declared.insert(declared.end(), {"--input-file", name});
  }
  workspace.write("list", list);
  const Unit unit = small_unit(workspace);
  const auto fixed = [](Command command) { return [command](int) { return command; }; };
  std::vector<Contender> contenders;
  contenders.push_back({"empty program (floor)", fixed({workspace.program("floor")}), {}, {}});
  contenders.push_back({"the tool itself (cat)", fixed(tool(inputs)), {}, {}});
  contenders.push_back(
      {"deja exec, declared", fixed(exec(workspace, declared, tool(inputs))), {}, {}});
  contenders.push_back({"deja exec, from a list",
                        fixed(exec(workspace, {"--input-file-list", "list"}, tool(inputs))),
                        {},
                        {}});
  contenders.push_back({"deja exec, observed", fixed(exec(workspace, {}, tool(inputs))), {}, {}});
  contenders.push_back({"ccache gcc (small file)", fixed(compile(unit, "ccache", "a.o")), {}, {}});
  for (const Contender& c : contenders)
    for (int i = 0; i < 3; ++i) run_well(workspace, c.command(0));
  ::usleep(300'000);  // tidy-allow: sleep requests get their watches in a pause

  const long long hits = counter(workspace, "hits");
  alternate(workspace, contenders, rounds);
  const long long missed = 3LL * rounds - (counter(workspace, "hits") - hits);
  const double floor = percentile(elapsed(contenders[0]), 50);
  const double of_tool = percentile(elapsed(contenders[1]), 50);
  std::printf("\nOne hit of deja exec, %d inputs (%d rounds)\n", inputs, rounds);
  std::printf("  %-26s %9s %9s %10s %10s\n", "", "p50 us", "p10 us", "p50/floor", "p50/tool");
  for (const Contender& c : contenders) {
    const double p50 = percentile(elapsed(c), 50);
    std::printf("  %-26s %9.0f %9.0f %10.2f %10.2f\n", c.name.c_str(), p50,
                percentile(elapsed(c), 10), p50 / floor, p50 / of_tool);
  }
  if (missed != 0) std::printf("  NOT A HIT: %lld of deja's runs\n", missed);
}

pid_t start(Workspace& workspace, const Command& command) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const int nothing = ::open("/dev/null", O_RDWR);
  ::dup2(nothing, 1);
  ::dup2(nothing, 2);
  ::execve(argv[0], argv.data(), workspace.environment(argv[0]));
  ::_exit(127);
}

// Counts how many of the callers run the tool.
void measure_callers(Workspace& workspace) {
  workspace.write("slow", "#!/bin/sh\necho run >> ticks\n/bin/sleep 3\ncat in/0\n");
  const Command command =
      exec(workspace, {"--declared-only", "--input-file", "in/0"}, {"/bin/sh", "slow"});
  run_well(workspace, exec(workspace, {}, {"/bin/true"}));  // starts the engine
  const auto begin = std::chrono::steady_clock::now();
  std::vector<pid_t> callers;
  for (int i = 0; i < kCallers; ++i) callers.push_back(start(workspace, command));
  int failed = 0;
  for (const pid_t caller : callers) {
    int status = 0;
    if (caller < 0 || ::waitpid(caller, &status, 0) != caller || status != 0) ++failed;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const std::string ticks = workspace.read("ticks");
  std::printf("\n%d callers of one key at once, a tool of 3 s: %d run, %d failed, %.1f s\n",
              kCallers, static_cast<int>(std::count(ticks.begin(), ticks.end(), '\n')), failed,
              took.count());
}

}  // namespace

int bench_exec(const Options& options) {
  Workspace workspace(options);
  const int rounds = options.rounds > 0 ? options.rounds : kExecRounds;
  for (int i = 0; i < 1000; ++i)
    workspace.write("in/" + std::to_string(i), "input " + std::to_string(i) + "\n");
  measure_exec(workspace, 10, rounds);
  measure_exec(workspace, 1000, rounds);
  measure_callers(workspace);
  return 0;
}

}  // namespace deja::bench
