// SPDX-License-Identifier: Apache-2.0
// Compares the calls that strace reports with the records of the log, and counts the calls that only an
// exception covers. With DEJA_COVERAGE_TABLE=1 the counts are printed as a table.
#include "observe/testing/strace_fixture.h"

#include <cstring>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <set>
#include <utility>

#include "base/path.h"
#include "os/file.h"

namespace deja::observe::testing {
namespace {

// True if a record of this kind covers the call, if path and errno match. A record with an identity or an
// errno also covers a stat.
bool stands_for(deja_op op, CallKind kind) {
  switch (kind) {
    case CallKind::open:
      // before an exec the interposer reads the head of the program itself
      return op == DEJA_OP_OPEN || op == DEJA_OP_LIST || op == DEJA_OP_EXEC ||
             op == DEJA_OP_SPAWN || op == DEJA_OP_EXEC_FAILED || op == DEJA_OP_LIBRARY;
    case CallKind::look:
      return true;
    case CallKind::readlink:
      return op == DEJA_OP_READLINK;
    case CallKind::exec:
      return op == DEJA_OP_EXEC || op == DEJA_OP_SPAWN || op == DEJA_OP_EXEC_FAILED;
    case CallKind::list:
      return op == DEJA_OP_LIST;
    case CallKind::chdir:  // examined by name before, recorded as an absolute path after
      return op == DEJA_OP_CHDIR || op == DEJA_OP_STAT;
    case CallKind::mkdir:
      return op == DEJA_OP_MKDIR;
    case CallKind::unlink:
      return op == DEJA_OP_UNLINK;
    case CallKind::rename:
      return op == DEJA_OP_RENAME;
    case CallKind::link:
      return op == DEJA_OP_LINK;
    case CallKind::symlink:
      return op == DEJA_OP_SYMLINK;
    case CallKind::change:
      return op == DEJA_OP_CHANGE;
    case CallKind::hide:
      return false;
  }
  return false;
}

std::string error_name(int error) {
  const char* name = error == 0 ? "" : strerrorname_np(error);
  return name == nullptr ? "?" : name;
}

using Ways = std::set<std::filesystem::path>;

// Adds every name that is resolved for a path, also through symlinks.
void add_ways(const std::filesystem::path& path, Ways& out, int depth = 0) {
  std::filesystem::path walked;
  for (const auto& part : path) {
    walked /= part;
    if (!out.insert(walked.lexically_normal()).second || depth == 8) continue;
    auto target = os::read_symlink(walked);
    if (target && *target) add_ways(walked.parent_path() / **target, out, depth + 1);
  }
}

std::string real_path(const std::string& path) {
  std::error_code none;
  return std::filesystem::weakly_canonical(path, none).string();
}

// Removes the suffix that the kernel adds to the path of a descriptor whose file has no name.
std::string without_deleted(const std::string& path) {
  static constexpr std::string_view kDeleted = " (deleted)";
  return path.ends_with(kDeleted) ? path.substr(0, path.size() - kDeleted.size()) : path;
}

class Comparison {
 public:
  Comparison(const ToolRun& run, const StraceLog& strace) : strace_(strace) {
    for (const Event& event : run.log.events) {
      by_path_.emplace(event.path, &event);
      if (event.op == DEJA_OP_LIST || event.op == DEJA_OP_CHANGE || event.op == DEJA_OP_CHDIR ||
          event.op == DEJA_OP_EXEC || event.op == DEJA_OP_LINK)
        by_real_path_.emplace(real_path(without_deleted(event.path)), &event);
      if (event.op == DEJA_OP_REALPATH) {
        add_ways(event.path, ways_);
        add_ways(event.text, ways_);
      }
      if (event.op == DEJA_OP_LIBRARY) libraries_.insert(std::string(base_name(event.path)));
      if (event.op == DEJA_OP_HOST) hosts_.insert(event.path);
      if (event.op == DEJA_OP_GETENV) variables_.insert(event.path);
    }
  }

  bool logged(const StraceCall& call) const {
    return logged_in(by_path_, call) || (call.on_descriptor && logged_in(by_real_path_, call));
  }

  bool has(deja_op op, const std::string& path, int error = 0) const {
    const auto [from, to] = by_path_.equal_range(path);
    for (auto it = from; it != to; ++it)
      if (it->second->op == op && it->second->error == error) return true;
    return false;
  }
  bool host(const std::string& what) const { return hosts_.contains(what); }
  bool variable(const std::string& name) const { return variables_.contains(name); }
  bool is_library(const std::string& path) const {
    return libraries_.contains(std::string(base_name(path)));
  }
  // The loader searched below a directory that does not exist.
  bool is_below_absent(const std::string& path) const {
    for (std::string_view at = path; at.size() > 1; at = parent_path(at)) {
      const auto [from, to] = by_path_.equal_range(std::string(at));
      for (auto it = from; it != to; ++it)
        if (it->second->op == DEJA_OP_LIBRARY && it->second->error != 0) return true;
    }
    return false;
  }
  // Below a directory that exists.
  bool is_above_absent(const std::string& path) const {
    const std::string prefix = path + "/";
    for (auto it = by_path_.lower_bound(prefix);
         it != by_path_.end() && it->first.starts_with(prefix); ++it)
      if (it->second->op == DEJA_OP_LIBRARY && it->second->error != 0) return true;
    return false;
  }
  bool on_the_way(const std::string& path) const {
    return ways_.contains(
        std::filesystem::path(path.ends_with('/') ? path.substr(0, path.size() - 1) : path)
            .lexically_normal());
  }
  // The next call of the same process.
  const StraceCall* next(const StraceCall& call) const {
    for (const StraceCall* c = &call + 1; c != strace_.calls.data() + strace_.calls.size(); ++c)
      if (c->pid == call.pid) return c;
    return nullptr;
  }
  // The next call with the same name, of any process.
  const StraceCall* next_of_name(const StraceCall& call) const {
    for (const StraceCall* c = &call + 1; c != strace_.calls.data() + strace_.calls.size(); ++c)
      if (c->path == call.path) return c;
    return nullptr;
  }

 private:
  using Index = std::multimap<std::string, const Event*>;

  static bool logged_in(const Index& index, const StraceCall& call) {
    const auto [from, to] = index.equal_range(call.path);
    // An open with O_PATH counts as a look.
    const bool only_looks = call.flags.find("O_PATH") != std::string::npos;
    const CallKind kind = only_looks ? CallKind::look : call.kind;
    for (auto it = from; it != to; ++it)
      if (stands_for(it->second->op, kind) && same_names(call, *it->second) &&
          error_name(it->second->error) == call.error)
        return true;
    return false;
  }
  static bool same_names(const StraceCall& call, const Event& event) {
    if (call.kind != CallKind::rename && call.kind != CallKind::link) return true;
    return event.text == call.second;
  }

  const StraceLog& strace_;
  Index by_path_, by_real_path_;
  Ways ways_;
  std::set<std::string> libraries_;  // names without directories, which the loader searches for
  std::set<std::string> hosts_, variables_;
};

bool is_in(const std::string& path, std::initializer_list<const char*> directories) {
  for (const char* directory : directories)
    if (path.starts_with(directory)) return true;
  return false;
}

// Calls without a record of their name, because the loader, libc or the interposer made them and not the
// tool. Each exception applies only if the log has the record that covers it.
struct Exception {
  const char* name;
  const char* in_the_log;
  bool (*holds)(const StraceCall& call, const Comparison& log);
};

constexpr Exception kExceptions[] = {
    {"before a file is made", "OPEN of it, with DEJA_OPEN_EXISTED or without",
     [](const StraceCall& call, const Comparison& log) {
       if (call.name != "newfstatat" || call.error != "ENOENT" ||
           call.flags.find("AT_SYMLINK_NOFOLLOW") == std::string::npos)
         return false;
       const StraceCall* next = log.next_of_name(call);
       return next != nullptr && next->kind == CallKind::open &&
              next->flags.find("O_CREAT") != std::string::npos && log.has(DEJA_OP_OPEN, call.path);
     }},
    {"own process", "PROCESS: the executable; OPEN and CLOSE: the descriptors",
     [](const StraceCall& call, const Comparison&) {
       return call.kind != CallKind::open &&
              (call.path == "/proc/self/exe" || call.path.starts_with("/proc/self/fd/"));
     }},
    {"locale", "GETENV of the variables that choose it",
     [](const StraceCall& call, const Comparison& log) {
       return is_in(call.path,
                    {"/usr/lib/locale/", "/usr/share/locale/", "/usr/share/locale-langpack/",
                     "/usr/lib/x86_64-linux-gnu/gconv/"}) &&
              (log.variable("LC_ALL") || log.variable("LANG"));
     }},
    {"time zone", "GETENV \"TZ\", STAT of /etc/localtime",
     [](const StraceCall& call, const Comparison& log) {
       return is_in(call.path, {"/etc/localtime", "/usr/share/zoneinfo/"}) && log.variable("TZ") &&
              log.has(DEJA_OP_STAT, "/etc/localtime");
     }},
    {"library", "LIBRARY of what was found, with an error of where it was not; STAT of a path",
     [](const StraceCall& call, const Comparison& log) {
       if (call.path == "/etc/ld.so.cache" || call.path == interposer()) return true;
       if (!call.error.empty())
         return log.is_below_absent(call.path) || log.has(DEJA_OP_STAT, call.path, ENOENT);
       const bool is_known = log.is_above_absent(call.path) ||
                             log.has(DEJA_OP_LIBRARY, call.path, ENOTDIR);  // no directory
       if (call.kind == CallKind::look && is_known) return true;
       return call.loading && log.is_library(call.path);
     }},
    {"sizes of the machine", "HOST \"cpus\", \"memory\"",
     [](const StraceCall& call, const Comparison& log) {
       return (is_in(call.path, {"/sys/devices/system/cpu", "/sys/fs/cgroup", "/proc/sys/vm/",
                                 "/sys/kernel/mm/"}) ||
               call.path == "/proc/cpuinfo" || call.path == "/proc/self/maps" ||
               call.path == "/proc/meminfo") &&
              (log.host("cpus") || log.host("memory"));
     }},
    // Threads and arenas of libc, which are not interposed; evidence/special_files.cc treats these three
    // files as harmless for any reader.
    {"memory of libc's own", "nothing",
     [](const StraceCall& call, const Comparison&) {
       return call.path == "/proc/self/maps" || call.path == "/proc/sys/vm/overcommit_memory" ||
              call.path == "/sys/devices/system/cpu/online";
     }},
    {"users", "HOST \"users\", \"groups\"",
     [](const StraceCall& call, const Comparison& log) {
       const std::string nss = "/etc/nsswitch.conf";  // libc first checks whether the root changed
       const StraceCall* next = call.path == "/" ? log.next(call) : nullptr;
       return (call.path == "/etc/passwd" || call.path == nss || call.path == "/etc/group" ||
               (next != nullptr && next->path == nss)) &&
              (log.host("users") || log.host("groups"));
     }},
    {"realpath", "REALPATH with its result",
     [](const StraceCall& call, const Comparison& log) {
       return (call.kind == CallKind::readlink ||
               (call.name == "faccessat2" && call.path.ends_with('/'))) &&
              log.on_the_way(call.path);
     }},
};

// The rows of all comparisons, printed after the last test.
class Table : public ::testing::Environment {
 public:
  void add(const std::string& label, const Coverage& row) {
    const std::lock_guard lock(mutex_);
    rows_.emplace_back(label, row);
  }

  void TearDown() override {
    if (rows_.empty() || getenv("DEJA_COVERAGE_TABLE") == nullptr) return;
    std::cout << "\n| tool | calls | in the log |";
    for (const Exception& exception : kExceptions) std::cout << " " << exception.name << " |";
    std::cout << " missing |\n|---|---|---|";
    for (std::size_t i = 0; i < std::size(kExceptions); ++i) std::cout << "---|";
    std::cout << "---|\n";
    for (const auto& [label, row] : rows_) print(label, row);
    std::cout << "\n";
    for (const Exception& exception : kExceptions)
      std::cout << "- " << exception.name << ": " << exception.in_the_log << "\n";
  }

  static Table& get() {
    static Table* const table = [] {
      auto* made = new Table;
      ::testing::AddGlobalTestEnvironment(made);
      return made;
    }();
    return *table;
  }

 private:
  static void print(const std::string& label, const Coverage& row) {
    std::cout << "| " << label << " | " << row.seen << " | " << row.logged << " |";
    for (const Exception& exception : kExceptions) {
      const auto it = row.excepted.find(exception.name);
      std::cout << " " << (it == row.excepted.end() ? "" : std::to_string(it->second)) << " |";
    }
    std::cout << " " << row.missing << " |\n";
  }

  std::mutex mutex_;
  std::vector<std::pair<std::string, Coverage>> rows_;
};
// gtest wants its environments before main().
[[maybe_unused]] const Table& early = Table::get();

Coverage cover(const StraceLog& strace, const ToolRun& run) {
  Coverage out;
  const Comparison log(run, strace);
  bool first = true;
  for (const StraceCall& call : strace.calls) {
    if (std::exchange(first, false)) continue;  // strace's own exec of the tool
    ++out.seen;
    if (log.logged(call)) {
      ++out.logged;
      continue;
    }
    const auto* exception = std::begin(kExceptions);
    while (exception != std::end(kExceptions) && !exception->holds(call, log)) ++exception;
    if (exception != std::end(kExceptions)) {
      ++out.excepted[exception->name];
      continue;
    }
    ++out.missing;
    ADD_FAILURE() << "not in the log: " << call.line << "\n  (" << call.path
                  << (call.loading ? ", by the loader" : "") << ")";
  }
  for (const std::string& line : strace.unknown) ADD_FAILURE() << "unknown call: " << line;
  return out;
}

}  // namespace

void StraceTest::SetUp() {
  if (find_tool("strace").empty()) GTEST_SKIP() << "NOT TESTED: strace is not installed";
  if (run({"/bin/true"}, {.before = {find_tool("strace"), "-o", "/dev/null"}}).exit_code != 0)
    GTEST_SKIP() << "NOT TESTED: strace is not allowed to trace here";
}

ToolRun StraceTest::compare(const std::vector<std::string>& command, const std::string& label,
                            const std::vector<std::string>& environment) const {
  const std::string file = directory_ + ".strace";
  std::vector<std::string> before = {find_tool("strace"), "-o", file};
  before.insert(before.end(), strace_options().begin(), strace_options().end());
  const ToolRun run = this->run(command, {.environment = environment, .before = before});
  auto text = os::read_file(file);
  EXPECT_TRUE(text);
  unlink(file.c_str());
  EXPECT_EQ(run.exit_code, 0) << run.output;
  const StraceLog strace = read_strace(text ? *text : "", directory_);
  EXPECT_EQ(run.log.gap, "");
  const Coverage coverage = cover(strace, run);
  for (const StraceCall& call : strace.calls)
    EXPECT_FALSE(call.kind == CallKind::hide && call.error.empty()) << "no gap: " << call.line;
  EXPECT_GT(coverage.logged, 0u);
  Table::get().add(label.empty() ? std::string(base_name(command[0])) : label, coverage);
  return run;
}

void StraceTest::write_sources() const {
  write("a.h", "#define A 1\n");
  write("a.c",
        "#include <stdio.h>\n#include \"a.h\"\nint main(void) { return A - 1 + !puts(\"x\"); }\n");
  write("b.cc",
        "#include <iostream>\n#include <vector>\nint main() { std::vector<int> v{1}; std::cout "
        "<< v[0]; }\n");
}

}  // namespace deja::observe::testing
