#include "client/limit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>

#include "os/fd.h"
#include "os/io.h"

namespace deja::client {
namespace {

constexpr std::int64_t kGraceNs = 2'000'000'000;
constexpr int kDepthMax = 16;  // of children of children; who hides deeper is left alone

std::int64_t now_ns() {
  struct timespec t = {};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

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

// The lowest go first: who loses its children may start others, who loses its parent may not notice.
void signal_below(pid_t pid, int signal, int depth) {
  if (depth > kDepthMax) return;
  const os::Fd list(open_children(pid));
  if (!list) return;
  char text[4096];
  const ssize_t n = os::read_some(list.get(), text, sizeof(text));
  pid_t child = 0;
  for (ssize_t i = 0; i < n; ++i) {
    if (text[i] >= '0' && text[i] <= '9') {
      child = child * 10 + (text[i] - '0');
    } else if (child > 0) {
      signal_below(child, signal, depth + 1);
      ::kill(child, signal);
      child = 0;
    }
  }
}

}  // namespace

Limit::Limit(std::uint32_t milliseconds) {
  if (milliseconds == 0) return;
  due_ns_ = now_ns() + std::int64_t{milliseconds} * 1'000'000;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void Limit::enforce() {
  if (due_ns_ == 0 || now_ns() < due_ns_) return;
  signal_below(::getpid(), stage_ == 0 ? SIGTERM : SIGKILL, 0);
  ++stage_;
  due_ns_ += kGraceNs;
}

}  // namespace deja::client
