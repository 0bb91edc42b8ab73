// Tested by test/fault/silence_test.cc.
#include "client/silence.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/places.h"
#include "os/text_buffer.h"

namespace deja::client {
namespace {

// An engine that lives answers a hit in a hundredth of this. Only then is a look at the mark worth
// its system call.
constexpr int kGlanceMs = 25;
constexpr time_t kMarkLastsS = 60;

bool mark_path(const char* dir, char* out) {
  return os::TextBuffer(out, os::kPlaceMax).add(dir).add("/").add(os::kSilenceMark).fits();
}

bool can_be_read(int socket, int patience_ms) {
  struct pollfd p = {socket, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&p, 1, patience_ms);
  } while (ready < 0 && errno == EINTR);
  return ready != 0;
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
  if (can_be_read(socket, kGlanceMs)) return true;
  if (was_silent_lately(dir)) return false;
  if (can_be_read(socket, kSilenceMs - kGlanceMs)) return true;
  note_silence(dir);
  return false;
}

}  // namespace deja::client
