// SPDX-License-Identifier: Apache-2.0
#include "client/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "wire/messages.h"

namespace deja::client {
namespace {

constexpr unsigned kLast = ~0U;

// Both ends included. Without close_range(2) (Linux 5.9), closes one descriptor at a time.
void close_between(unsigned first, unsigned last) {
  if (::syscall(SYS_close_range, first, last, 0) == 0) return;
  struct rlimit limit = {};
  constexpr rlim_t kMost = 65536;
  const rlim_t most = ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : kMost;
  const auto end = static_cast<unsigned>(std::min({most, kMost, rlim_t{last}}));
  for (unsigned fd = first; fd <= end; ++fd) ::close(static_cast<int>(fd));
}

// Is the file system of this file nearly full? One that counts no blocks does not report it.
bool is_nearly_full(int fd, const struct stat& st) {
  constexpr std::uint64_t kLittle = 1 << 20;
  struct rlimit limit = {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      limit.rlim_cur < static_cast<std::uint64_t>(st.st_size) + wire::kStreamMax)
    return true;
  struct statvfs disk = {};
  return ::fstatvfs(fd, &disk) == 0 && disk.f_blocks != 0 &&
         disk.f_bavail * disk.f_frsize < kLittle;
}

}  // namespace

bool takes_text(int fd) {
  struct stat st = {};
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || ::fstat(fd, &st) != 0) return false;
  if (S_ISREG(st.st_mode)) return !is_nearly_full(fd, st);
  const dev_t null_device = makedev(1, 3);
  return !S_ISCHR(st.st_mode) || st.st_rdev == null_device || ::isatty(fd) != 0;
}

bool is_pipe(int fd) {
  struct stat st = {};
  return ::fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

void close_others(std::initializer_list<int> kept) {
  for (unsigned from = 0;;) {
    unsigned next = kLast;
    for (const int fd : kept) {
      const auto at = static_cast<unsigned>(fd);
      if (fd >= 0 && at >= from) next = std::min(next, at);
    }
    if (next > from) close_between(from, next == kLast ? kLast : next - 1);
    if (next == kLast) return;
    from = next + 1;
  }
}

}  // namespace deja::client
