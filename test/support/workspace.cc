// SPDX-License-Identifier: Apache-2.0
#include "support/workspace.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <stdexcept>

#include "digest/file_digester.h"
#include "journal/journal.h"
#include "journal/troubles.h"
#include "os/clock.h"
#include "os/io.h"
#include "os/socket.h"
#include "wire/frame.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

// The descriptor through which counted tools report. deja does not look at inherited descriptors
// (docs/ARCHITECTURE.md), so counting does not change what is observed.
constexpr int kCountFd = 9;

std::string read_all(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string read_or_nothing(const fs::path& path) {
  return fs::is_regular_file(path) ? read_all(path) : std::string();
}

void write_all(const fs::path& path, const std::string& text, unsigned mode) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path.string());
  fs::permissions(path, static_cast<fs::perms>(mode));
}

Node node_of(const fs::path& path) {
  Node node;
  const fs::file_status status = fs::symlink_status(path);
  node.mode = static_cast<unsigned>(status.permissions());
  switch (status.type()) {
    case fs::file_type::regular:
      node.text = read_all(path);
      break;
    case fs::file_type::directory:
      node.kind = 'd';
      break;
    case fs::file_type::symlink:
      node.kind = 'l';
      node.text = fs::read_symlink(path).string();
      break;
    default:
      node.kind = '?';
      break;
  }
  return node;
}

std::string place(const std::source_location& here) {
  return "\ncalled from " + std::string(here.file_name()) + ":" + std::to_string(here.line());
}

std::string command_text(const Argv& argv) {
  std::string text;
  for (const std::string& a : argv)
    text += (text.empty() ? "" : " ") + (a.size() > 200 ? a.substr(0, 200) + "…" : a);
  return text;
}

// Before Linux 6.13, a file that is written and read within one tick of the clock is not published
// (docs/traps). Tests are faster than users, and would see misses.
bool has_coarse_stamps() {
  struct utsname name = {};
  if (::uname(&name) != 0) return true;
  int major = 0;
  int minor = 0;
  const std::string release = name.release;
  const auto end = std::from_chars(release.data(), release.data() + release.size(), major).ptr;
  if (*end == '.') std::from_chars(end + 1, release.data() + release.size(), minor);
  return major < 6 || (major == 6 && minor < 13);
}

// "dejad", its mode and its directory, when /proc/<pid> is an engine.
bool is_engine_of(const std::string& pid, const std::string& cache, bool only_daemon) {
  std::ifstream in("/proc/" + pid + "/cmdline", std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  const std::string line = text.str();
  const std::string nul(1, '\0');
  const auto is = [&](const char* mode) {
    return line == "dejad" + nul + mode + nul + cache + nul;
  };
  return is("--daemon") || (!only_daemon && (is("--one-shot") || is("--foreground")));
}

// Those for which `is_meant` says so of their number.
std::vector<pid_t> processes(const std::function<bool(const std::string&)>& is_meant) {
  std::vector<pid_t> pids;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && *end == '\0' && is_meant(name)) pids.push_back(pid);
  }
  return pids;
}

std::vector<pid_t> engines_of(const std::string& cache, bool only_daemon) {
  return processes([&](const std::string& pid) { return is_engine_of(pid, cache, only_daemon); });
}

void end_processes(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) ::kill(pid, SIGKILL);
  for (const pid_t pid : pids) {
    if (!wait_until([pid] { return has_ended_completely(pid); }))
      ADD_FAILURE() << "a process that cannot be killed: " << pid;
  }
}

// Tools, what they have left behind, and engines: of any of its caches, and also one that is only about to
// become one, because its client has not waited for it. All have the workspace's name in their variables.
std::vector<pid_t> processes_of(const std::string& base) {
  return processes([&](const std::string& pid) {
    if (pid == std::to_string(::getpid())) return false;
    std::ifstream in("/proc/" + pid + "/environ", std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str().find("=" + base + "/") != std::string::npos &&
           !has_ended_completely(std::stoi(pid));
  });
}

}  // namespace

// A process's files and locks are released when it has ended.
bool has_ended_completely(pid_t pid) {
  const std::string directory = "/proc/" + std::to_string(pid);
  std::ifstream in(directory + "/stat");
  std::string line;
  if (!std::getline(in, line)) return true;
  // A zombie that is not reaped counts as ended, except while other threads still close its files.
  const std::size_t name_end = line.rfind(')');
  const bool is_zombie = name_end != std::string::npos && line.compare(name_end, 3, ") Z") == 0;
  std::error_code gone;
  const auto threads = std::distance(fs::directory_iterator(directory + "/task", gone), {});
  return gone || (is_zombie && threads <= 1);
}

std::ostream& operator<<(std::ostream& to, Mode mode) {
  return to << (mode == Mode::daemon ? "daemon" : "one_shot");
}

std::ostream& operator<<(std::ostream& to, const Event& e) {
  return to << e.outcome << " (reason: " << e.reason << "; not stored: " << e.not_stored
            << "; detail: " << e.detail << "; tool runs: " << e.tool_runs << ")";
}

std::ostream& operator<<(std::ostream& to, const Node& n) {
  return to << n.kind << " " << std::oct << n.mode << std::dec << ", " << n.text.size() << " bytes";
}

Tree tree_of(const std::string& directory) {
  Tree tree;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory))
    tree.emplace(entry.path().lexically_relative(directory).string(), node_of(entry.path()));
  return tree;
}

std::string difference(const Tree& expected, const Tree& got) {
  std::ostringstream out;
  for (const auto& [path, node] : expected) {
    const auto it = got.find(path);
    if (it == got.end()) {
      out << path << " is missing (" << node << ")\n";
    } else if (!(it->second == node)) {
      out << path << " differs: expected " << node << ", got " << it->second << "\n";
    }
  }
  for (const auto& [path, node] : got) {
    if (!expected.contains(path)) out << path << " is too many (" << node << ")\n";
  }
  return out.str();
}

namespace {

// Parts that differ between two runs of the tool itself (random seeds, names of temporary files)
// may also differ between the tool and deja; but then the hit must equal the miss.
struct Varying {
  bool streams = false;
  std::vector<std::string> files;
};

Varying varying_between(const Trial& a, const Trial& b) {
  Varying out;
  out.streams = !(a.result == b.result);
  for (const auto& [path, node] : a.tree) {
    const auto it = b.tree.find(path);
    if (it != b.tree.end() && !(it->second == node)) out.files.push_back(path);
  }
  return out;
}

Trial without(Trial trial, const Varying& varying) {
  if (varying.streams) trial.result.out = trial.result.err = {};
  for (const std::string& path : varying.files) {
    if (const auto it = trial.tree.find(path); it != trial.tree.end()) it->second.text.clear();
  }
  return trial;
}

}  // namespace

std::string difference(const Trial& expected, const Trial& got) {
  std::ostringstream out;
  if (!(expected.result == got.result))
    out << "expected " << expected.result << "\ngot " << got.result << "\n";
  return out.str() + difference(expected.tree, got.tree);
}

Workspace::Workspace(Mode mode) : mode_(mode) {
  const char* tmp = ::getenv("TMPDIR");
  std::string name =
      std::string(tmp != nullptr && *tmp == '/' ? tmp : "/tmp") + "/deja test.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  base_ = fs::canonical(name).string();
  for (const char* directory : {"work", "home", "tmp", "bin"})
    fs::create_directory(base_ + "/" + directory);
}

Workspace::~Workspace() {
  const bool is_gone = wait_until([&] {
    end_processes(processes_of(base_));
    std::error_code ignored;
    fs::remove_all(base_, ignored);
    return !fs::exists(base_);
  });
  EXPECT_TRUE(is_gone) << "left behind: " << base_;
}

std::string Workspace::path(const std::string& name) const {
  return name.starts_with('/') ? name : work() + "/" + name;
}

void Workspace::write(const std::string& name, const std::string& text, unsigned mode) {
  write_all(path(name), text, mode);
  static const bool coarse = has_coarse_stamps();
  if (coarse) ::poll(nullptr, 0, 20);
}

void Workspace::let_settle(const std::string& name) const {
  for (;;) {
    const auto file = os::stat_file(path(name));
    if (!file || !*file) throw std::runtime_error("not there: " + name);
    if (digest::FileDigester::is_settled(**file, os::file_clock_ns())) return;
    ::poll(nullptr, 0, 2);
  }
}

std::string Workspace::read(const std::string& name) const {
  try {
    return read_all(path(name));
  } catch (const std::exception& e) {
    ADD_FAILURE() << e.what();
    return {};
  }
}

bool Workspace::exists(const std::string& name) const {
  return fs::symlink_status(path(name)).type() != fs::file_type::not_found;
}

void Workspace::remove(const std::string& name) { fs::remove_all(path(name)); }

void Workspace::make_directory(const std::string& name) { fs::create_directories(path(name)); }

void Workspace::restore(const Tree& tree) {
  const Tree now = this->tree();
  for (auto it = now.rbegin(); it != now.rend();
       ++it) {  // the content of a directory before the directory
    const auto wanted = tree.find(it->first);
    if (wanted == tree.end() || wanted->second.kind != it->second.kind) remove(it->first);
  }
  for (const auto& [name, node] : tree) {
    const auto it = now.find(name);
    if (it != now.end() && it->second == node) continue;
    if (node.kind == 'd') make_directory(name);
    if (node.kind == 'l') {
      remove(name);
      fs::create_symlink(node.text, path(name));
    }
    if (node.kind == 'f') {
      remove(name);
      write(name, node.text, node.mode);
    }
    if (node.kind == 'd') fs::permissions(path(name), static_cast<fs::perms>(node.mode));
  }
}

void Workspace::script(const std::string& name, const std::string& text) {
  write(bin() + "/" + name, text, 0755);
}

void Workspace::count_runs_of(const std::string& tool) {
  script(tool, "#!/bin/sh\necho run >&" + std::to_string(kCountFd) + "\nexec '" +
                   find_program(tool) + "' \"$@\"\n");
  if (!exists(base_ + "/runs")) write(base_ + "/runs", "");
}

int Workspace::tool_runs() const {
  const std::string runs = read_or_nothing(base_ + "/runs");
  return static_cast<int>(std::count(runs.begin(), runs.end(), '\n'));
}

std::vector<std::string> Workspace::environment(const Options& options) const {
  std::vector<std::string> out = {
      "PATH=" + bin() + ":/usr/bin:/bin",
      "HOME=" + home(),
      "DEJA_DIR=" + cache(),
      "TMPDIR=" + base_ + "/tmp",
      "LANG=C.UTF-8",
      "DEJA_DAEMON=" + std::string(mode_ == Mode::daemon ? "auto" : "off"),
      "TERM=xterm",
  };
  const auto apply = [&out](const std::string& entry) {
    const std::string name = entry.substr(0, entry.find('='));
    std::erase_if(out, [&](const std::string& e) { return e.starts_with(name + "="); });
    if (entry.size() > name.size()) out.push_back(entry);
  };
  for (const std::string& entry : extra_) apply(entry);
  for (const std::string& entry : options.env) apply(entry);
  return out;
}

Process Workspace::start(const Argv& argv, const Options& options) const {
  Options complete = options;
  complete.cwd = path(options.cwd);
  const std::string runs = base_ + "/runs";
  if (fs::exists(runs)) {
    complete.in_child = [runs = runs.c_str(), then = options.in_child] {
      const int fd = ::open(runs, O_WRONLY | O_APPEND);
      if (fd >= 0 && fd != kCountFd) {
        ::dup2(fd, kCountFd);
        ::close(fd);
      }
      if (then) then();
    };
  }
  return Process::start(argv, environment(options), complete);
}

Result Workspace::run(const Argv& argv, const Options& options) const {
  return start(argv, options).wait();
}

Argv Workspace::with_deja(const Argv& argv) {
  Argv out = {program()};
  out.insert(out.end(), argv.begin(), argv.end());
  return out;
}

Result Workspace::deja(const Argv& argv, const Options& options) const {
  return run(with_deja(argv), options);
}

std::string Workspace::program() { return DEJA_PREFIX "/bin/deja"; }
std::string Workspace::companion(const std::string& name) {
  return DEJA_PREFIX "/libexec/deja/" + name;
}

Result Workspace::expect(const std::string& outcome, const std::string& reason, const Argv& argv,
                         const Options& options, Here here) {
  const std::size_t before = events().size();
  const Result result = deja(argv, options);
  EXPECT_FALSE(result.hung) << command_text(argv) << place(here);
  const std::vector<Event> all = events();
  EXPECT_EQ(all.size(), before + 1) << "events recorded for: " << command_text(argv) << place(here);
  if (all.size() <= before) return result;
  const Event& event = all.back();
  const bool as_wanted = event.outcome == outcome && (reason.empty() || event.reason == reason);
  EXPECT_TRUE(as_wanted) << "wanted " << outcome << " " << reason << " of: " << command_text(argv)
                         << "\n  got " << event << "\n  " << result << place(here) << troubles();
  return result;
}

Result Workspace::expect_hit(const Argv& argv, const Options& options, Here here) {
  const int before = tool_runs();
  const Result result = expect("hit", "", argv, options, here);
  EXPECT_EQ(tool_runs(), before) << "a hit started the tool" << place(here);
  return result;
}

Result Workspace::expect_miss(const Argv& argv, const Options& options, Here here) {
  return expect("miss", "", argv, options, here);
}

Result Workspace::expect_bypass(const std::string& reason, const Argv& argv, const Options& options,
                                Here here) {
  return expect("bypass", reason, argv, options, here);
}

Result Workspace::expect_failure(const Argv& argv, const Options& options, Here here) {
  return expect("failure", "", argv, options, here);
}

Trial Workspace::attempt(const Argv& argv, const Options& options) {
  Trial trial;
  trial.result = run(argv, options);
  trial.tree = tree();
  return trial;
}

Trial Workspace::compare_roads(const Argv& argv, const Options& options, bool must_hit, Here here) {
  const Tree before = tree();
  const Trial bare = attempt(argv, options);
  Varying varying;
  Trial last = bare;
  for (const char* const road : {"miss", "hit"}) {
    restore(before);
    Trial got;
    if (must_hit) {
      got.result = expect(road, "", argv, options, here);
      got.tree = tree();
    } else {
      got = attempt(with_deja(argv), options);
    }
    const bool is_first = road == std::string_view("miss");
    if (is_first && !difference(bare, got).empty()) {
      restore(before);
      varying = varying_between(bare, attempt(argv, options));
      restore(got.tree);
    }
    EXPECT_EQ(difference(without(bare, varying), without(got, varying)), "")
        << road << " of: " << command_text(argv) << place(here);
    if (!is_first && must_hit) {
      EXPECT_EQ(difference(last, got), "")
          << "the hit is not what the miss was: " << command_text(argv) << place(here);
    }
    last = std::move(got);
  }
  return bare;
}

Trial Workspace::expect_same(const Argv& argv, const Options& options, Here here) {
  return compare_roads(argv, options, true, here);
}

Trial Workspace::expect_unchanged(const Argv& argv, const Options& options, Here here) {
  return compare_roads(argv, options, false, here);
}

// Has the daemon write down what clients took from its table.
void Workspace::collect_events() const {
  const auto owner = os::stat_file(cache());
  if (!owner || !*owner) return;
  if ((*owner)->owner !=
      ::geteuid()) {  // its engine refuses us; it does it by itself ten times a second
    ::poll(nullptr, 0, 250);
    return;
  }
  const auto socket = os::connect_unix(cache() + "/daemon.sock", 1000);
  if (!socket || !*socket) return;
  const std::string frame = wire::frame_of(wire::Kind::ask, "collect");
  char answer[512];
  if (os::send_all((*socket)->get(), frame.data(), frame.size(), 1000) == 0)
    (void)os::read_exactly((*socket)->get(), answer, sizeof(answer), 1000);
}

std::vector<Event> Workspace::events() const {
  collect_events();
  std::vector<Event> events;
  std::istringstream lines(read_or_nothing(cache() + "/journal/events.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded()) continue;
    Event e;
    e.outcome = json.value("outcome", "");
    e.reason = json.value("reason", "");
    e.not_stored = json.value("not_stored", "");
    e.detail = json.value("detail", "");
    e.tool = json.value("tool", "");
    e.what = json.value("what", "");
    e.tool_runs = json.value("tool_runs", 0);
    e.dup = json.value("dup", false);
    events.push_back(std::move(e));
  }
  return events;
}

Event Workspace::last_event() const {
  const std::vector<Event> all = events();
  return all.empty() ? Event{} : all.back();
}

std::vector<pid_t> Workspace::engines() const { return engines_of(cache(), false); }

pid_t Workspace::daemon_pid() const {
  const std::vector<pid_t> daemons = engines_of(cache(), true);
  return daemons.empty() ? 0 : daemons.front();
}

void Workspace::end_engines() const { end_processes(engines()); }

void Workspace::let_engine_set_watches() const {
  if (mode_ == Mode::daemon) ::poll(nullptr, 0, 120);
}

std::string Workspace::troubles() const {
  std::string text;
  if (const auto troubles = journal::read_troubles(journal::journal_dir(cache()))) {
    for (const journal::Trouble& t : *troubles) text += "\n  trouble: " + t.text;
  }
  return text;
}

}  // namespace deja::test
