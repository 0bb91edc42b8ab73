// SPDX-License-Identifier: Apache-2.0
// Shared by the benchmarks: a private working directory, programs started in the cheapest way and
// timed one by one, and the cache under test switched on and off.
//
// All contenders of a table run alternately in one loop, in an order that is shuffled for each
// round, so that a slow moment of the machine affects all of them. Only ratios within one run are
// meaningful.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace deja::bench {

struct Options {
  std::string name;      // hit, miss or exec
  std::string deja;      // the program under test
  std::string beside;    // another deja to compare with, maybe an older one; empty: none
  std::string programs;  // directory of bench-floor and bench-oracle
  int rounds = 0;        // 0: the benchmark's default
};

// A failed set-up makes all numbers meaningless: prints the reason and ends.
[[noreturn]] void give_up(const std::string& why);

using Command = std::vector<std::string>;

// The programs' environment: a private home and private cache directories; only PATH is the user's.
class Workspace {
 public:
  explicit Workspace(const Options& options);
  ~Workspace();  // ends the daemon, removes the directory
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  const std::string& root() const { return root_; }  // also the working directory from now on
  const std::string& deja() const { return deja_; }
  std::string program(const std::string& name) const { return programs_ + "/bench-" + name; }
  const std::string& beside() const { return beside_; }
  // Of this program: the two dejas have a cache each.
  char* const* environment(const std::string& program);
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;

 private:
  std::string root_, deja_, beside_, programs_;
  std::vector<std::string> environment_, beside_environment_;
  std::vector<char*> environment_pointers_, beside_pointers_;
};

struct Run {
  double elapsed_us = 0;  // from before posix_spawn until the exit is known
  double cpu_us = 0;      // user and system time of the program and the children it waited for
  int exit_code = 0;      // 128 + signal when killed
};
Run run(Workspace& workspace, const Command& command);
// Ends the benchmark unless the exit code is 0.
Run run_well(Workspace& workspace, const Command& command);
// What the command prints; ends the benchmark unless the command succeeds.
std::string output_of(Workspace& workspace, const Command& command);

struct Contender {
  std::string name;
  std::function<Command(int round)> command;
  std::function<void()> before;  // not timed
  std::vector<Run> runs;
};
// Runs each contender once in each round.
void alternate(Workspace& workspace, std::vector<Contender>& contenders, int rounds);

double percentile(std::vector<double> values, int percent);
std::vector<double> elapsed(const Contender& contender);

// For deja: counters, and the CPU time of its daemon so far (0 when unknown).
long long counter(Workspace& workspace, const std::string& name);
double daemon_cpu_us(Workspace& workspace);
// For ccache.
long long ccache_counter(Workspace& workspace, const std::string& name);

// System calls of a command and its children, by strace; -1 without strace.
long system_calls(Workspace& workspace, const Command& command);

int bench_hit(const Options& options);
int bench_miss(const Options& options);
int bench_exec(const Options& options);

}  // namespace deja::bench
