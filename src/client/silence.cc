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
// An engine that starts reads its program from a disk that may be busy, too.
constexpr int kStartingTimes = 5;

bool mark_path(const char* dir, char* out) {
  return os::TextBuffer(out, os::kPlaceMax).add(dir).add("/").add(os::kSilenceMark).fits();
}

// A client makes the socket of an engine that it starts, so its own id is the peer's.
bool is_started_by_us(int socket) {
  struct ucred peer = {};
  socklen_t size = sizeof(peer);
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == ::getpid();
}

enum class Daemon { going, starting, not_going };

// Does the process whose id is in the daemon's lock exist, and is it not stopped? Without an id it is starting.
Daemon daemon_state(const char* dir) {
  char path[os::kPlaceMax];
  char text[1024];
  if (!os::TextBuffer(path, sizeof(path)).add(dir).add("/daemon.lock").fits())
    return Daemon::not_going;
  const ssize_t size = os::read_text(path, text, 32);
  if (size <= 0) return size == 0 ? Daemon::starting : Daemon::not_going;
  char pid[32];
  const std::string_view signature = text;
  if (!os::TextBuffer(pid, sizeof(pid)).add(signature.substr(0, signature.find('\n'))).fits())
    return Daemon::not_going;
  const std::string_view state = os::process_stat(pid, text, sizeof(text)).substr(0, 1);
  const bool is_going =
      !state.empty() && std::string_view("TtZX").find(state) == std::string_view::npos;
  return is_going ? Daemon::going : Daemon::not_going;
}

}  // namespace

int load_per_processor() {
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
  const bool is_ours = is_started_by_us(socket);
  const Daemon state = is_ours ? Daemon::starting : daemon_state(dir);
  const int load = state == Daemon::not_going ? 1 : load_per_processor();
  // The mark may only say that the machine is overloaded. But if another client's engine has not begun, it hangs.
  const bool waits_for_processor = load > 1 && (is_ours || state == Daemon::going);
  if (!waits_for_processor && was_silent_lately(dir)) return false;
  const int times = state == Daemon::starting ? std::max(load, kStartingTimes) : load;
  if (os::wait_to_read(socket, times * kSilenceMs - kGlanceMs) == 0) return true;
  note_silence(dir);
  return false;
}

}  // namespace deja::client
