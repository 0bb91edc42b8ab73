// SPDX-License-Identifier: Apache-2.0
// The first wait is short: a living engine answers a hit within it, at no further cost. Only then
// are the mark and the engine's process examined. Tested by test/fault/silence_test.cc.
#include "client/silence.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "os/fd.h"
#include "os/io.h"
#include "os/places.h"
#include "os/process_stat.h"
#include "os/text_buffer.h"

namespace deja::client {
namespace {

// A living engine answers a hit in a hundredth of this time. Only after it has passed is the mark
// checked, at the cost of a system call.
constexpr int kGlanceMs = 25;
constexpr time_t kMarkLastsS = 60;

bool mark_path(const char* dir, char* out) {
  return os::TextBuffer(out, os::kPlaceMax).add(dir).add("/").add(os::kSilenceMark).fits();
}

// An engine that was started for this one request is at the other end of a socket pair.
bool is_one_shot(int socket) {
  struct ucred peer = {};
  socklen_t size = sizeof(peer);
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == ::getpid();
}

// Does the process whose id is in the daemon's lock exist, and is it not stopped?
bool is_daemon_going(const char* dir) {
  char path[os::kPlaceMax];
  char text[1024];
  if (!os::TextBuffer(path, sizeof(path)).add(dir).add("/daemon.lock").fits() ||
      os::read_text(path, text, 32) <= 0)
    return false;
  char pid[32];
  const std::string_view signature = text;
  if (!os::TextBuffer(pid, sizeof(pid)).add(signature.substr(0, signature.find('\n'))).fits())
    return false;
  const std::string_view state = os::process_stat(pid, text, sizeof(text)).substr(0, 1);
  return !state.empty() && std::string_view("TtZX").find(state) == std::string_view::npos;
}

// Runnable processes per processor, from 1 to 10. An engine on a machine with 64 running compilers
// is not silent; it is waiting for a processor.
int crowd() {
  char text[128];
  if (os::read_text("/proc/loadavg", text, sizeof(text)) <= 0) return 1;
  // "0.20 0.18 0.12 1/80 11206": the fourth word begins with the number of runnable processes
  // (proc(5)).
  std::string_view rest = text;
  for (int i = 0; i < 3; ++i) rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
  long running = 0;
  for (const char c : rest.substr(0, rest.find('/'))) running = running * 10 + (c - '0');
  const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
  const long many = running / (processors > 0 ? processors : 1);
  return static_cast<int>(many < 1 ? 1 : many > 10 ? 10 : many);
}

}  // namespace

bool was_silent_lately(const char* dir) {
  char path[os::kPlaceMax];
  struct stat mark;
  struct timespec now = {};
  if (!mark_path(dir, path) || ::lstat(path, &mark) != 0 ||
      ::clock_gettime(CLOCK_REALTIME, &now) != 0)
    return false;
  return mark.st_mtime <= now.tv_sec && now.tv_sec - mark.st_mtime < kMarkLastsS;
}

void note_silence(const char* dir) {
  char path[os::kPlaceMax];
  if (!mark_path(dir, path)) return;
  const os::Fd mark(::open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (mark) ::futimens(mark.get(), nullptr);
}

void forget_silence(const char* dir) {
  char path[os::kPlaceMax];
  if (mark_path(dir, path)) ::unlink(path);
}

bool wait_for_word(int socket, const char* dir) {
  if (os::wait_to_read(socket, kGlanceMs) == 0) return true;
  const bool is_going = is_one_shot(socket) || is_daemon_going(dir);
  const int times = is_going ? crowd() : 1;
  if (times == 1 && was_silent_lately(dir)) return false;
  if (os::wait_to_read(socket, times * kSilenceMs - kGlanceMs) == 0) return true;
  note_silence(dir);
  return false;
}

}  // namespace deja::client
