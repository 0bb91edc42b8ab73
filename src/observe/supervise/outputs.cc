// SPDX-License-Identifier: Apache-2.0
#include "observe/supervise/outputs.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace deja::observe::supervise {
namespace {

// The maximum of followed files. Each takes a descriptor, and some must be left. For further files only
// the inode is recorded.
std::size_t outputs_max() {
  constexpr rlim_t kMax = 512;
  struct rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::size_t>(std::min(kMax, limit.rlim_cur / 2));
}

}  // namespace

Outputs::Outputs(LogWriter& log) : log_(log), notices_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {}

void Outputs::follow(const os::Fd& fd, pid_t process) {
  static const std::size_t kOutputsMax = outputs_max();
  if (outputs_.size() >= kOutputsMax) return;
  const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
  const int watch = ::inotify_add_watch(notices_.get(), path.c_str(), IN_CLOSE_WRITE);
  if (watch < 0) return;
  Output& output = outputs_[watch];  // one entry for all names of a file
  if (!output.file) output.file = os::Fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  output.process = process;
  ++output.opened;
}

void Outputs::record_closed() {
  if (outputs_.empty()) return;
  alignas(struct inotify_event) char bytes[4096];
  for (;;) {
    const ssize_t size = ::read(notices_.get(), bytes, sizeof bytes);
    if (size <= 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      struct inotify_event event;
      std::memcpy(&event, bytes + at, sizeof event);
      at += sizeof event + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) log_.lose(DEJA_LOST_FULL);
      if ((event.mask & IN_CLOSE_WRITE) != 0) on_close(event.wd);
    }
  }
}

void Outputs::on_close(int watch) {
  const auto found = outputs_.find(watch);
  if (found == outputs_.end()) return;
  Output& output = found->second;
  if (--output.opened < 0) log_.lose(DEJA_LOST_PATH);
  struct stat st;
  if (::fstat(output.file.get(), &st) != 0) return;
  const deja_log_identity identity = identity_of(st);
  log_.write({.op = DEJA_OP_CLOSE, .pid = output.process, .identity = &identity});
}

}  // namespace deja::observe::supervise
