#include "client/children.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/io.h"

namespace deja::client {
namespace {

// Writes the decimal digits of n before `end`; returns where they begin.
char* digits_before(char* end, unsigned n) {
  do {
    *--end = static_cast<char>('0' + n % 10);
    n /= 10;
  } while (n > 0);
  return end;
}

// /proc/<pid>/task/<pid>/children, proc(5): the ids of all children, each followed by a space.
int open_children(pid_t pid) {
  char path[64] = "/proc/";
  char number[16];
  const char* const digits = digits_before(number + sizeof(number), static_cast<unsigned>(pid));
  const auto count = static_cast<std::size_t>(number + sizeof(number) - digits);
  std::size_t at = 6;
  const auto add = [&](const char* text, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) path[at++] = text[i];
  };
  add(digits, count);
  add("/task/", 6);
  add(digits, count);
  add("/children", 10);
  return ::open(path, O_RDONLY | O_CLOEXEC);
}

// A system call, not the file: nearly always there are none.
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

bool LeftBehind::any() const {
  for (int moment = 0;; ++moment) {
    if (!has_children()) return false;
    bool is_any = false;
    const Children now(::getpid());
    for (std::size_t i = 0; i < now.size(); ++i)
      is_any = is_any || (!before_.has(now[i]) && ::waitpid(now[i], nullptr, WNOHANG) == 0);
    if (!is_any || moment == kMoments) return is_any;
    ::poll(nullptr, 0, kMomentMs);
  }
}

}  // namespace deja::client
