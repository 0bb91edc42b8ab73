// SPDX-License-Identifier: Apache-2.0
#include "client/children.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string_view>

#include "os/fd.h"
#include "os/io.h"
#include "os/text_buffer.h"

namespace deja::client {
namespace {

// Opens a file of the process's directory in /proc.
int open_of(pid_t pid, std::string_view before, std::string_view after) {
  char path[64];
  os::TextBuffer text(path, sizeof(path));
  text.add("/proc/").add_number(static_cast<std::uint64_t>(pid), 10).add(before);
  if (!after.empty()) text.add_number(static_cast<std::uint64_t>(pid), 10).add(after);
  return text.fits() ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
}

// /proc/<pid>/task/<pid>/children, proc(5): the ids of all children, each followed by a space.
int open_children(pid_t pid) { return open_of(pid, "/task/", "/children"); }

// The third word of /proc/<pid>/stat, after the name in parentheses: running, or waiting for a
// disk.
bool is_running(pid_t pid) {
  const os::Fd file(open_of(pid, "/stat", ""));
  char text[128];
  const ssize_t n = file ? os::read_some(file.get(), text, sizeof(text)) : 0;
  const std::string_view line(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  const std::size_t end = line.rfind(')');
  if (end == std::string_view::npos || end + 2 >= line.size()) return false;
  return line[end + 2] == 'R' || line[end + 2] == 'D';
}

// A system call is cheaper than the file, and there nearly always are no children.
bool has_children() {
  siginfo_t info = {};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

}  // namespace

Children::Children(pid_t parent) {
  const os::Fd list(open_children(parent));
  if (!list) return;
  char text[4096];
  const ssize_t n = os::read_some(list.get(), text, sizeof(text));
  pid_t child = 0;
  for (ssize_t i = 0; i < n && size_ < kMax; ++i) {
    if (text[i] >= '0' && text[i] <= '9') {
      child = child * 10 + (text[i] - '0');
    } else if (child > 0) {
      ids_[size_++] = child;
      child = 0;
    }
  }
}

bool Children::has(pid_t id) const {
  for (std::size_t i = 0; i < size_; ++i)
    if (ids_[i] == id) return true;
  return false;
}

LeftBehind::LeftBehind() : before_(has_children() ? ::getpid() : 0) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

LeftBehind::~LeftBehind() { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }

bool LeftBehind::any() const {
  for (int moment = 0;; ++moment) {
    if (!has_children()) return false;
    bool is_any = false;
    const Children now(::getpid());
    for (std::size_t i = 0; i < now.size(); ++i)
      is_any = is_any || (!before_.has(now[i]) && ::waitpid(now[i], nullptr, WNOHANG) == 0);
    if (!is_any || moment == kLooksMax || (moment > 0 && !is_at_work())) return is_any;
    ::poll(nullptr, 0, kLookMs);
  }
}

bool LeftBehind::is_at_work() const {
  const Children now(::getpid());
  for (std::size_t i = 0; i < now.size(); ++i)
    if (!before_.has(now[i]) && is_running(now[i])) return true;
  return false;
}

}  // namespace deja::client
