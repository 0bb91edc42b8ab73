#include "os/closed_streams.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/mutex.h"

namespace deja::os {
namespace {

constexpr int kStreams = 3;

// The numbers belong to the process.
struct Taken {
  Mutex mutex;
  int users GUARDED_BY(mutex) = 0;
  bool is_ours[kStreams] GUARDED_BY(mutex) = {};
};
Taken& taken() {
  static Taken* const instance = new Taken;  // never destroyed: threads may outlive main
  return *instance;
}

// Opened so, a file can be neither read nor written; nobody else has the root directory there so.
constexpr int kPlaceholder = O_PATH | O_CLOEXEC | O_DIRECTORY;

// Somebody may have put a stream in its place meanwhile.
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
    } else {  // somebody was faster
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
