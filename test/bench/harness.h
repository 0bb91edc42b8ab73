// What every benchmark needs: a private place to work in, programs started the cheapest way and
// timed one by one, and the cache under test switched on and off around them.
//
// All contenders of one table run alternately in one loop, in an order shuffled for each round, so
// that a slow moment of the machine falls on all of them. Only ratios within one run mean anything.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace deja::bench {

struct Options {
  std::string name;      // hit, miss or exec
  std::string deja;      // the program under test
  std::string programs;  // directory of bench-floor and bench-oracle
  int rounds = 0;        // 0: the benchmark's own number
};

// A failed set-up makes every number meaningless: say why and stop.
[[noreturn]] void give_up(const std::string& why);

using Command = std::vector<std::string>;

// The programs' environment: a private home and private cache directories, nothing of the user's but
// PATH.
class Workspace {
 public:
  explicit Workspace(const Options& options);
  ~Workspace();  // ends the daemon, removes the directory
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  const std::string& root() const { return root_; }  // also the working directory from now on
  const std::string& deja() const { return deja_; }
  std::string program(const std::string& name) const { return programs_ + "/bench-" + name; }
  char* const* environment() { return environment_pointers_.data(); }
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;

 private:
  std::string root_, deja_, programs_;
  std::vector<std::string> environment_;
  std::vector<char*> environment_pointers_;
};

struct Run {
  double elapsed_us = 0;  // from before posix_spawn until the exit is known
  double cpu_us = 0;      // user and system time of the program and the children it waited for
  int exit_code = 0;      // 128 + signal when killed
};
Run run(Workspace& workspace, const Command& command);
// Gives up unless the exit code is 0.
Run run_well(Workspace& workspace, const Command& command);
// What the command prints; gives up unless it ends well.
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

// deja's side: counters, and the CPU time its daemon has used so far (0 when it cannot be told).
long long counter(Workspace& workspace, const std::string& name);
double daemon_cpu_us(Workspace& workspace);
// ccache's side.
long long ccache_counter(Workspace& workspace, const std::string& name);

// System calls of a command and its children, by strace; -1 without strace.
long system_calls(Workspace& workspace, const Command& command);

int bench_hit(const Options& options);
int bench_miss(const Options& options);
int bench_exec(const Options& options);

}  // namespace deja::bench
