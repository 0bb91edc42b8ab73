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
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/jobserver.h"
#include "os/fd.h"
#include "os/text_buffer.h"
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

bool is_of_jobserver(const Environment& env, int fd) {
  char memory[16];
  os::TextBuffer number(memory, sizeof(memory));
  number.add_number(static_cast<std::uint64_t>(fd), 10);
  for (std::size_t i = 0; i < env.count; ++i) {
    const std::string_view entry = env.raw[i];
    for (const std::string_view name : kMakeFlags)
      if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=') &&
          names_jobserver_descriptor(entry, memory))
        return true;
  }
  return false;
}

// ",251:12:34567" in the value of the variable.
bool is_of_build(const Environment& env, int fd, const struct stat& st) {
  char memory[96];
  os::TextBuffer text(memory, sizeof(memory));
  text.add(",").add_number(static_cast<std::uint64_t>(fd), 10);
  text.add(":").add_number(st.st_dev, 10).add(":").add_number(st.st_ino, 10);
  if (!text.fits()) return false;
  const std::string_view entry = memory;
  const std::size_t at = env.route.find(entry, env.route.rfind('/'));
  if (at == std::string_view::npos) return false;
  const std::size_t end = at + entry.size();
  return end == env.route.size() || env.route[end] == ',';
}

bool is_harmless(const Environment& env, int fd) {
  struct stat st = {};
  if (::fstat(fd, &st) != 0) return false;
  if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) return true;
  return is_of_build(env, fd, st) || is_of_jobserver(env, fd);
}

// The layout of getdents64(2).
struct Entry {
  std::uint64_t inode;
  std::int64_t next;
  unsigned short size;
  unsigned char type;
  char name[1];
};

}  // namespace

bool has_other_descriptors(const Environment& env) {
  const os::Fd list(::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!list) return true;
  alignas(Entry) char buffer[4096];
  for (;;) {
    const long size = ::syscall(SYS_getdents64, list.get(), buffer, sizeof(buffer));
    if (size < 0) return true;
    if (size == 0) return false;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const Entry*>(buffer + at);
      at += entry->size;
      int fd = 0;
      for (const char* digit = entry->name; *digit >= '0' && *digit <= '9'; ++digit)
        fd = fd * 10 + (*digit - '0');
      if (fd > 2 && fd != list.get() && !is_harmless(env, fd)) return true;
    }
  }
}

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
