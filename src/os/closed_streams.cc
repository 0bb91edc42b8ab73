// SPDX-License-Identifier: Apache-2.0
#include "os/closed_streams.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/mutex.h"

namespace deja::os {
namespace {

constexpr int kStreams = 3;

// Descriptor numbers belong to the process, so all objects share this state.
struct Taken {
  Mutex mutex;
  int users GUARDED_BY(mutex) = 0;
  bool is_ours[kStreams] GUARDED_BY(mutex) = {};
};
Taken& taken() {
  static Taken* const instance = new Taken;  // never destroyed: threads may outlive main
  return *instance;
}

// A descriptor opened with O_PATH can be neither read nor written. No other code opens "/" this way.
constexpr int kPlaceholder = O_PATH | O_CLOEXEC | O_DIRECTORY;

// False if the program has put a stream in its place since.
bool is_placeholder(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_PATH) != 0;
}

}  // namespace

ClosedStreams::ClosedStreams() {
  const int before = errno;
  Taken& all = taken();
  const MutexLock lock(all.mutex);
  ++all.users;
  for (int stream = 0; stream < kStreams; ++stream) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    const int fd = ::open("/", kPlaceholder);
    if (fd < 0) break;
    if (fd == stream) {
      all.is_ours[stream] = true;
    } else {  // another thread took the number first
      ::close(fd);
    }
  }
  errno = before;
}

ClosedStreams::~ClosedStreams() {
  const int before = errno;
  Taken& all = taken();
  const MutexLock lock(all.mutex);
  if (--all.users == 0) {
    for (int stream = 0; stream < kStreams; ++stream) {
      if (all.is_ours[stream] && is_placeholder(stream)) ::close(stream);
      all.is_ours[stream] = false;
    }
  }
  errno = before;
}

}  // namespace deja::os
