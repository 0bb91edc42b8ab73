// SPDX-License-Identifier: Apache-2.0
#include "bench/harness.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <sstream>

#include "os/file.h"

namespace deja::bench {
namespace {

double now_us() {
  struct timespec t = {};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

double micros(const struct timeval& t) {
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
}

Run spawn(Workspace& workspace, const Command& command, posix_spawn_file_actions_t* actions) {
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);

  Run result;
  pid_t pid = 0;
  const double start = now_us();
  const int failed = ::posix_spawnp(&pid, argv[0], actions, nullptr, argv.data(),
                                    workspace.environment(command.front()));
  if (failed != 0) give_up("cannot start " + command[0] + ": " + std::strerror(failed));
  int status = 0;
  struct rusage usage = {};
  while (::wait4(pid, &status, 0, &usage) < 0) {
    if (errno != EINTR) give_up("wait4 failed");
  }
  result.elapsed_us = now_us() - start;
  result.cpu_us = micros(usage.ru_utime) + micros(usage.ru_stime);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string joined(const Command& command) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + word;
  return text;
}

Run run_into(Workspace& workspace, const Command& command, const std::string& path) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 1, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const Run done = spawn(workspace, command, &actions);
  ::posix_spawn_file_actions_destroy(&actions);
  return done;
}

}  // namespace

void give_up(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

Workspace::Workspace(const Options& options)
    : deja_(options.deja), beside_(options.beside), programs_(options.programs) {
  const char* tmp = std::getenv("TMPDIR");
  root_ = std::string(tmp != nullptr ? tmp : "/tmp") + "/deja-bench-XXXXXX";
  if (::mkdtemp(root_.data()) == nullptr || ::chdir(root_.c_str()) != 0)
    give_up("no temporary directory: " + root_);
  const char* path = std::getenv("PATH");
  environment_ = {"PATH=" + std::string(path != nullptr ? path : "/usr/bin:/bin"), "HOME=" + root_,
                  "LC_ALL=C", "DEJA_DIR=" + root_ + "/deja", "CCACHE_DIR=" + root_ + "/ccache"};
  beside_environment_ = environment_;
  beside_environment_[3] = "DEJA_DIR=" + root_ + "/beside";
  for (std::string& entry : environment_) environment_pointers_.push_back(entry.data());
  for (std::string& entry : beside_environment_) beside_pointers_.push_back(entry.data());
  environment_pointers_.push_back(nullptr);
  beside_pointers_.push_back(nullptr);
}

char* const* Workspace::environment(const std::string& program) {
  return !beside_.empty() && program == beside_ ? beside_pointers_.data()
                                                : environment_pointers_.data();
}

Workspace::~Workspace() {
  run_into(*this, {deja_, "daemon", "stop"}, "/dev/null");
  if (!beside_.empty()) run_into(*this, {beside_, "daemon", "stop"}, "/dev/null");
  if (::chdir("/") == 0 && !os::remove_tree(root_))
    std::fprintf(stderr, "bench: left behind: %s\n", root_.c_str());
}

void Workspace::write(const std::string& name, const std::string& text) const {
  const std::string path = root_ + "/" + name;
  if (!os::make_directories(path.substr(0, path.rfind('/')), 0755) ||
      !os::write_file_atomic(path, text, 0644))
    give_up("cannot write " + path);
}

std::string Workspace::read(const std::string& name) const {
  auto text = os::read_file(name.front() == '/' ? name : root_ + "/" + name);
  if (!text) give_up(text.error().message);
  return *text;
}

Run run(Workspace& workspace, const Command& command) { return spawn(workspace, command, nullptr); }

Run run_well(Workspace& workspace, const Command& command) {
  const Run done = run(workspace, command);
  if (done.exit_code != 0)
    give_up("exit code " + std::to_string(done.exit_code) + " from: " + joined(command));
  return done;
}

std::string output_of(Workspace& workspace, const Command& command) {
  const Run done = run_into(workspace, command, workspace.root() + "/output");
  if (done.exit_code != 0)
    give_up("exit code " + std::to_string(done.exit_code) + " from: " + joined(command));
  return workspace.read("output");
}

void alternate(Workspace& workspace, std::vector<Contender>& contenders, int rounds) {
  std::mt19937 dice(1);
  std::vector<std::size_t> order(contenders.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (int round = 0; round < rounds; ++round) {
    std::ranges::shuffle(order, dice);
    for (const std::size_t i : order) {
      if (contenders[i].before) contenders[i].before();
      const Command command = contenders[i].command(round);
      contenders[i].runs.push_back(run_well(workspace, command));
    }
  }
}

double percentile(std::vector<double> values, int percent) {
  if (values.empty()) return 0;
  const std::size_t at = (values.size() - 1) * static_cast<std::size_t>(percent) / 100;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

std::vector<double> elapsed(const Contender& contender) {
  std::vector<double> times;
  for (const Run& r : contender.runs) times.push_back(r.elapsed_us);
  return times;
}

long long counter(Workspace& workspace, const std::string& name) {
  const std::string text = output_of(workspace, {workspace.deja(), "stats", "--format", "json"});
  const auto stats = nlohmann::json::parse(text, nullptr, false);
  if (!stats.is_object() || !stats.contains(name)) give_up("no \"" + name + "\" in: " + text);
  return stats[name].get<long long>();
}

double daemon_cpu_us(Workspace& workspace) {
  const auto status = nlohmann::json::parse(
      output_of(workspace, {workspace.deja(), "daemon", "status", "--format", "json"}), nullptr,
      false);
  if (!status.is_object() || !status.value("running", false)) return 0;
  const std::string tasks = "/proc/" + std::to_string(status["pid"].get<long>()) + "/task";
  const auto threads = os::list_directory(tasks);
  if (!threads) return 0;
  double nanoseconds = 0;
  for (const std::string& thread : *threads) {
    // "<time on cpu, ns> <time waiting> <slices>"; the file's size is 0, so read_file with a limit
    // cannot read it.
    const auto text = os::read_file(tasks + "/" + thread + "/schedstat");
    if (text) nanoseconds += std::strtod(text->c_str(), nullptr);
  }
  return nanoseconds / 1e3;
}

long long ccache_counter(Workspace& workspace, const std::string& name) {
  std::istringstream lines(output_of(workspace, {"ccache", "--print-stats"}));
  std::string key;
  long long value = 0;
  while (lines >> key >> value) {
    if (key == name) return value;
  }
  return 0;
}

long system_calls(Workspace& workspace, const Command& command) {
  if (::access("/usr/bin/strace", X_OK) != 0) return -1;
  const std::string report = workspace.root() + "/strace";
  Command traced = {"strace", "-f", "-c", "-o", report};
  traced.insert(traced.end(), command.begin(), command.end());
  if (run(workspace, traced).exit_code != 0) return -1;
  // The last line: % time, seconds, usecs/call, calls, [errors,] "total".
  const std::string text = workspace.read("strace");
  const std::size_t total = text.rfind("total");
  if (total == std::string::npos) return -1;
  std::istringstream line(text.substr(text.rfind('\n', total) + 1));
  std::string percent, seconds, each;
  long calls = -1;
  line >> percent >> seconds >> each >> calls;
  return calls;
}

}  // namespace deja::bench
