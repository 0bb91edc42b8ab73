// SPDX-License-Identifier: Apache-2.0
// A table states for each call where its path, directory descriptor and flags are; a call with a path that is
// not in the table is an error, so a new strace cannot hide one.
#include "observe/testing/strace_log.h"

#include <filesystem>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

namespace deja::observe::testing {
namespace {

// The positions of a call's arguments; -1: there is none. A path without a directory descriptor is
// relative to the working directory; a descriptor without a path means its file.
struct KnownCall {
  std::string_view name;
  CallKind kind;
  int at = -1, path = -1;
  int at2 = -1, path2 = -1;
};

constexpr KnownCall kRows[] = {
    {"open", CallKind::open, -1, 0},
    {"openat", CallKind::open, 0, 1},
    {"openat2", CallKind::open, 0, 1},
    {"creat", CallKind::open, -1, 0},
    {"stat", CallKind::look, -1, 0},
    {"lstat", CallKind::look, -1, 0},
    {"newfstatat", CallKind::look, 0, 1},
    {"statx", CallKind::look, 0, 1},
    {"access", CallKind::look, -1, 0},
    {"faccessat", CallKind::look, 0, 1},
    {"faccessat2", CallKind::look, 0, 1},
    {"statfs", CallKind::look, -1, 0},
    {"getxattr", CallKind::look, -1, 0},
    {"lgetxattr", CallKind::look, -1, 0},
    {"listxattr", CallKind::look, -1, 0},
    {"llistxattr", CallKind::look, -1, 0},
    {"name_to_handle_at", CallKind::look, 0, 1},
    {"inotify_add_watch", CallKind::look, -1, 1},
    {"readlink", CallKind::readlink, -1, 0},
    {"readlinkat", CallKind::readlink, 0, 1},
    {"execve", CallKind::exec, -1, 0},
    {"execveat", CallKind::exec, 0, 1},
    {"getdents", CallKind::list, 0},
    {"getdents64", CallKind::list, 0},
    {"chdir", CallKind::chdir, -1, 0},
    {"fchdir", CallKind::chdir, 0},
    {"mkdir", CallKind::mkdir, -1, 0},
    {"mkdirat", CallKind::mkdir, 0, 1},
    {"unlink", CallKind::unlink, -1, 0},
    {"rmdir", CallKind::unlink, -1, 0},
    {"unlinkat", CallKind::unlink, 0, 1},
    {"rename", CallKind::rename, -1, 0, -1, 1},
    {"renameat", CallKind::rename, 0, 1, 2, 3},
    {"renameat2", CallKind::rename, 0, 1, 2, 3},
    {"link", CallKind::link, -1, 0, -1, 1},
    {"linkat", CallKind::link, 0, 1, 2, 3},
    {"symlink", CallKind::symlink, -1, 1},
    {"symlinkat", CallKind::symlink, 1, 2},
    {"truncate", CallKind::change, -1, 0},
    {"chmod", CallKind::change, -1, 0},
    {"fchmod", CallKind::change, 0},
    {"fchmodat", CallKind::change, 0, 1},
    {"fchmodat2", CallKind::change, 0, 1},
    {"chown", CallKind::change, -1, 0},
    {"lchown", CallKind::change, -1, 0},
    {"fchown", CallKind::change, 0},
    {"fchownat", CallKind::change, 0, 1},
    {"utime", CallKind::change, -1, 0},
    {"utimes", CallKind::change, -1, 0},
    {"futimesat", CallKind::change, 0, 1},
    {"utimensat", CallKind::change, 0, 1},
    {"mknod", CallKind::change, -1, 0},
    {"mknodat", CallKind::change, 0, 1},
    {"setxattr", CallKind::change, -1, 0},
    {"lsetxattr", CallKind::change, -1, 0},
    {"fsetxattr", CallKind::change, 0},
    {"removexattr", CallKind::change, -1, 0},
    {"lremovexattr", CallKind::change, -1, 0},
    {"fremovexattr", CallKind::change, 0},
    {"io_uring_setup", CallKind::hide},
    {"open_by_handle_at", CallKind::hide},
    {"chroot", CallKind::hide},
    {"mount", CallKind::hide},
    {"umount2", CallKind::hide},
    {"pivot_root", CallKind::hide},
    {"unshare", CallKind::hide},
    {"setns", CallKind::hide},
};

const KnownCall* row_of(std::string_view name) {
  for (const KnownCall& row : kRows)
    if (row.name == name) return &row;
  return nullptr;
}

bool makes_process(std::string_view name) {
  return name == "fork" || name == "vfork" || name == "clone" || name == "clone3";
}

// Calls about processes, and getcwd: their arguments are not paths of files.
bool is_no_path(std::string_view name) {
  static const std::set<std::string_view> kNames = {
      "getcwd", "exit",   "exit_group",      "wait4",      "waitid",           "kill",
      "tkill",  "tgkill", "rt_sigqueueinfo", "pidfd_open", "pidfd_send_signal"};
  return kNames.contains(name);
}

// Undoes strace's C escapes.
std::string unescape(std::string_view text) {
  const auto is_octal = [&](std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '7';
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    ++i;
    if (is_octal(i)) {
      int value = 0;
      const std::size_t end = i + 3;
      for (; i < end && is_octal(i); ++i) value = value * 8 + (text[i] - '0');
      out += static_cast<char>(value);
      --i;
    } else {
      static constexpr std::string_view kFrom = "ntrvfab", kTo = "\n\t\r\v\f\a\b";
      const std::size_t known = kFrom.find(text[i]);
      out += known == std::string_view::npos ? text[i] : kTo[known];
    }
  }
  return out;
}

// The arguments between the parentheses, at the outermost commas.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out(1);
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\' && i + 1 < text.size()) out.back() += text[i++];
      quoted = text[i] != '"' || c == '\\';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{' || c == '(') {
      ++depth;
    } else if (c == ']' || c == '}' || c == ')') {
      --depth;
    } else if (c == ',' && depth == 0) {
      out.emplace_back();
      if (i + 1 < text.size() && text[i + 1] == ' ') ++i;
      continue;
    }
    out.back() += text[i];
  }
  return out;
}

// The path in "3</usr/include>"; "" for a descriptor without one (a pipe, a socket).
std::string descriptor_path(const std::string& argument) {
  const std::size_t less = argument.find('<');
  const std::size_t greater = argument.rfind('>');
  if (less == std::string::npos || greater == std::string::npos || greater < less) return "";
  return unescape(std::string_view(argument).substr(less + 1, greater - less - 1));
}

bool names_no_path(const std::vector<std::string>& arguments, int path) {
  if (path < 0 || path >= static_cast<int>(arguments.size())) return true;
  const std::string& text = arguments[static_cast<unsigned>(path)];
  return text == "NULL" || text == "\"\"";
}

class StraceParser {
 public:
  explicit StraceParser(std::string directory) : first_directory_(std::move(directory)) {}

  void read(const std::string& text) {
    std::vector<std::pair<std::string, std::string>> lines;  // pid, call
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) join_halves(line, lines);
    // A child's calls come before the end of the vfork that started it.
    for (const auto& [pid, line] : lines) find_child(pid, line);
    for (const auto& [pid, line] : lines) {
      introduce(pid);
      read_call(pid, line);
    }
  }

  StraceLog log;

 private:
  void join_halves(const std::string& line,
                   std::vector<std::pair<std::string, std::string>>& lines) {
    static constexpr std::string_view kUnfinished = " <unfinished ...>";
    const std::size_t space = line.find(' ');
    if (space == std::string::npos) return;
    const std::string pid = line.substr(0, space);
    std::string rest = line.substr(line.find_first_not_of(' ', space));
    if (rest.ends_with(kUnfinished)) {
      halves_[pid] = rest.substr(0, rest.size() - kUnfinished.size());
      return;
    }
    if (rest.starts_with("<... ")) rest = halves_[pid] + rest.substr(rest.find("resumed>") + 8);
    lines.emplace_back(pid, rest);
  }

  void find_child(const std::string& pid, const std::string& line) {
    const std::size_t equals = line.rfind(" = ");
    if (!makes_process(line.substr(0, line.find('('))) || equals == std::string::npos) return;
    const std::string child =
        line.substr(equals + 3, line.find_first_not_of("0123456789", equals + 3) - equals - 3);
    if (child.empty()) return;
    log.parents[child] = pid;
    if (line.find("CLONE_THREAD") != std::string::npos) threads_.insert(child);
  }

  // A new process or thread starts in the directory of its parent.
  void introduce(const std::string& pid) {
    if (group_.contains(pid)) return;
    const auto it = log.parents.find(pid);
    const std::string parent = it == log.parents.end() ? "" : group_of(it->second);
    const bool is_thread = !parent.empty() && threads_.contains(pid);
    group_[pid] = is_thread ? parent : pid;
    if (is_thread) return;
    directories_[pid] = directory_of(parent);
    if (running_.contains(parent)) running_.insert(pid);
  }

  void read_call(const std::string& pid, const std::string& line) {
    const std::size_t paren = line.find('(');
    const std::size_t equals = line.rfind(" = ");
    if (paren == std::string::npos || equals == std::string::npos || equals < paren) return;
    const std::size_t end = line.rfind(')', equals);
    const std::string name = line.substr(0, paren);
    const std::string result = line.substr(equals + 3);
    const std::vector<std::string> arguments =
        split(std::string_view(line).substr(paren + 1, end - paren - 1));
    // a call that strace does not know: it prints its number only
    if (makes_process(name) || is_no_path(name) || name.starts_with("syscall_0x")) return;
    const KnownCall* row = row_of(name);
    if (row == nullptr) {
      log.unknown.push_back(line);
      return;
    }
    add_call(pid, *row, arguments, result, line);
  }

  void add_call(const std::string& pid, const KnownCall& row,
                const std::vector<std::string>& arguments, const std::string& result,
                const std::string& line) {
    StraceCall call;
    call.kind = row.kind;
    call.name = row.name;
    call.line = line;
    call.pid = pid;
    if (result.starts_with("-1 ")) call.error = result.substr(3, result.find(' ', 3) - 3);
    call.path = path_of(pid, row.at, row.path, arguments);
    call.on_descriptor = names_no_path(arguments, row.path);
    // a look at a descriptor, whose opening was another call
    if (row.kind == CallKind::look && call.on_descriptor) return;
    if (row.path2 >= 0) call.second = path_of(pid, row.at2, row.path2, arguments);
    for (std::size_t i = 0; i < arguments.size(); ++i)
      if (static_cast<int>(i) != row.path && static_cast<int>(i) != row.path2)
        call.flags += arguments[i] + " ";
    const std::string group = group_of(pid);
    call.loading = !running_.contains(group);
    if (row.kind == CallKind::exec && call.error.empty()) running_.erase(group);
    if (call.loading && row.kind == CallKind::open && call.path.starts_with("/proc/") &&
        call.path.find("/fd/") != std::string::npos) {
      running_.insert(group);  // the interposer opens its log
      return;
    }
    if (row.kind == CallKind::chdir && call.error.empty()) {
      std::error_code none;
      directories_[group] = std::filesystem::weakly_canonical(call.path, none).string();
    }
    if (call.path.empty() && row.kind != CallKind::hide) return;  // a pipe, a wild address
    log.calls.push_back(std::move(call));
  }

  // For a look at an open descriptor: no path. For a change through one, or a link text: its path.
  std::string path_of(const std::string& pid, int at, int path,
                      const std::vector<std::string>& arguments) {
    const auto argument = [&](int i) {
      return i >= 0 && i < static_cast<int>(arguments.size()) ? arguments[static_cast<unsigned>(i)]
                                                              : std::string();
    };
    if (names_no_path(arguments, path)) return descriptor_path(argument(at));
    std::string text = argument(path);
    const std::size_t close = text.rfind('"');
    if (!text.starts_with('"') || close == 0) return "";  // an address that strace could not read
    text = unescape(std::string_view(text).substr(1, close - 1));
    if (text.starts_with('/')) return text;
    std::string base = descriptor_path(argument(at));  // also of AT_FDCWD, if strace prints it
    if (base.empty()) base = directory_of(pid);
    return (base == "/" ? "" : base) + "/" + text;
  }

  std::string group_of(const std::string& pid) const {
    const auto it = group_.find(pid);
    return it == group_.end() ? pid : it->second;
  }
  std::string directory_of(const std::string& pid) const {
    const auto it = directories_.find(group_of(pid));
    return it == directories_.end() ? first_directory_ : it->second;
  }

  std::string first_directory_;
  std::map<std::string, std::string> halves_;  // "<unfinished ...>" lines, by pid
  std::set<std::string> threads_;
  std::map<std::string, std::string> group_;        // a thread's process
  std::map<std::string, std::string> directories_;  // working directories, by process
  std::set<std::string> running_;                   // processes whose loader is done
};

}  // namespace

const std::vector<std::string>& strace_options() {
  static constexpr const char* kCalls =
      "trace=file,process,fchdir,getdents,getdents64,fchmod,fchown,fsetxattr,fremovexattr,"
      "io_uring_setup,open_by_handle_at,setns";
  static const std::vector<std::string> kOptions = {"-f", "-y", "-s", "8192", "-e", kCalls};
  return kOptions;
}

StraceLog read_strace(const std::string& text, const std::string& directory) {
  StraceParser reader(directory);
  reader.read(text);
  return std::move(reader.log);
}

}  // namespace deja::observe::testing
