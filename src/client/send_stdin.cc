// SPDX-License-Identifier: Apache-2.0
// Standard input is copied to a memory file, so that the engine can hash it and the tool can still
// read it from the start. Tested by test/e2e/stdin_test.cc.
#include "client/send_stdin.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>

#include "client/descriptors.h"
#include "os/io.h"
#include "wire/messages.h"

namespace deja::client {
namespace {

char chunk[64 * 1024];

// Starts a process, not as a child, that writes what was read so far and everything that follows.
// If it cannot be started, the tool sees the end of input too early; this cannot be avoided.
void hand_on(int kept, std::size_t in_chunk) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  const pid_t child = ::fork();
  if (child != 0) {
    ::dup2(ends[0], 0);
    ::close(ends[0]);
    ::close(ends[1]);
    if (child > 0) ::waitpid(child, nullptr, 0);
    return;
  }
  if (::fork() != 0) ::_exit(0);
  // A process that waits for the end of the tool's output, or of our connection to the engine, must
  // not wait for this one.
  close_others({0, kept, ends[1]});
  static char again[sizeof(chunk)];
  ::lseek(kept, 0, SEEK_SET);
  ssize_t n = 0;
  while ((n = os::read_some(kept, again, sizeof(again))) > 0)
    if (os::write_all(ends[1], again, static_cast<std::size_t>(n)) != 0) ::_exit(0);
  for (n = static_cast<ssize_t>(in_chunk); n > 0; n = os::read_some(0, chunk, sizeof(chunk)))
    if (os::write_all(ends[1], chunk, static_cast<std::size_t>(n)) != 0) ::_exit(0);
  ::_exit(0);
}

int count_unread() {
  int count = 0;
  return ::ioctl(0, FIONREAD, &count) == 0 ? count : 0;
}

}  // namespace

StdinMark::StdinMark()
    : position_(::lseek(0, 0, SEEK_CUR)), unread_(position_ < 0 ? count_unread() : 0) {}

bool StdinMark::give_back() const {
  return !is_passed() || (position_ >= 0 && ::lseek(0, position_, SEEK_SET) == position_);
}

bool StdinMark::is_passed() const {
  return position_ >= 0 ? ::lseek(0, 0, SEEK_CUR) != position_ : count_unread() < unread_;
}

int keep_stdin() {
  // Compilers compare a file's size with what they read; only a file that is read from its start is
  // kept.
  struct stat st;
  if (::fstat(0, &st) != 0 || (S_ISREG(st.st_mode) && ::lseek(0, 0, SEEK_CUR) != 0)) return -1;
  if (S_ISCHR(st.st_mode) && ::isatty(0)) return -1;  // a person waits for prompts
  // The tool itself must find out whether data that is not there yet will come.
  if ((::fcntl(0, F_GETFL) & O_NONBLOCK) != 0) return -1;
  const int kept = ::memfd_create("stdin", MFD_CLOEXEC);
  if (kept < 0) return -1;
  std::size_t size = 0;
  for (;;) {
    const ssize_t n = os::read_some(0, chunk, sizeof(chunk));
    if (n == 0) break;
    if (n < 0) {  // a directory, or not open for reading: the tool gets the same error
      if (size > 0) hand_on(kept, 0);
      ::close(kept);
      return -1;
    }
    const auto count = static_cast<std::size_t>(n);
    const bool fits = size + count <= wire::kStdinMax;
    if (!fits || os::write_all(kept, chunk, count) != 0) {
      // A failed write has left a part behind.
      if (::ftruncate(kept, static_cast<off_t>(size)) == 0) hand_on(kept, count);
      ::close(kept);
      return -1;
    }
    size += count;
  }
  ::lseek(kept, 0, SEEK_SET);
  ::dup2(kept, 0);
  return kept;
}

}  // namespace deja::client
