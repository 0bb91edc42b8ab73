// SPDX-License-Identifier: Apache-2.0
// Functions that change the disk pass a failpoint first (but not in a signal handler), so that tests can make
// each call fail or end the process there. Reads and writes use offsets, never the shared file offset.
#include "os/disk.h"
#include "os/interrupted.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os/clock.h"
#include "os/failpoint.h"

namespace deja::os {
namespace {

// 0, or the errno an armed failpoint wants; keeps errno set for sys_error().
bool injected() {
  const int wanted = failpoint();
  if (wanted != 0) errno = wanted;
  return wanted != 0;
}

Result<Fd> open_with(const std::string& path, int flags) {
  if (injected()) return sys_error("open", path);
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (!fd) return sys_error("open", path);
  return fd;
}

}  // namespace

Result<Fd> open_append(const std::string& path, Links links) {
  // O_NONBLOCK: opening a FIFO of that name must not hang.
  const int follow = links == Links::keep ? O_NOFOLLOW : 0;
  return open_with(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | follow);
}

void create_empty_file(const char* path) {
  const int fd = ::open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
}

Result<Fd> open_directory(const std::string& path) {
  return open_with(path, O_RDONLY | O_DIRECTORY);
}

Result<Fd> open_read_write(const std::string& path) { return open_with(path, O_RDWR | O_NOFOLLOW); }

Status overwrite_start(const Fd& fd, std::string_view bytes) {
  if (injected()) return sys_error("pwrite");
  std::size_t done = 0;
  Interruptions interruptions;
  while (done < bytes.size()) {
    const ssize_t n =
        ::pwrite(fd.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (n < 0 && interruptions.again()) continue;
    if (n < 0) return sys_error("pwrite");
    done += static_cast<std::size_t>(n);
  }
  return {};
}

Result<std::optional<std::string>> read_from_start(const Fd& fd, std::uint64_t limit_bytes) {
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) return sys_error("fstat");
  const auto expected = static_cast<std::uint64_t>(st.st_size);
  if (expected > limit_bytes) return std::optional<std::string>();
  std::string bytes(expected + 1, '\0');  // one byte more, so that one read also sees the end
  std::size_t have = 0;
  for (Interruptions interruptions;;) {
    const ssize_t n =
        ::pread(fd.get(), bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (n < 0 && interruptions.again()) continue;
    if (n < 0) return sys_error("pread");
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
    if (have > limit_bytes) return std::optional<std::string>();
    if (have == bytes.size()) bytes.resize(bytes.size() * 2);
  }
  bytes.resize(have);
  return std::optional(std::move(bytes));
}

Result<std::string> read_range(const Fd& fd, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t have = 0;
  Interruptions interruptions;
  while (have < size) {
    const ssize_t n =
        ::pread(fd.get(), bytes.data() + have, size - have, static_cast<off_t>(offset + have));
    if (n < 0 && interruptions.again()) continue;
    if (n < 0) return sys_error("pread");
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

Status sync_file_system(const Fd& fd) {
  if (injected() || ::syncfs(fd.get()) != 0) return sys_error("syncfs");
  return {};
}

Status set_mtime(const Fd& fd, std::int64_t ns) {
  struct timespec t = {};
  t.tv_sec = ns / kNsPerSecond;
  t.tv_nsec = ns % kNsPerSecond;
  const struct timespec both[2] = {t, t};
  if (injected() || ::futimens(fd.get(), both) != 0) return sys_error("futimens");
  return {};
}

Result<bool> rename_new(const std::string& from, const std::string& to) {
  if (injected()) return sys_error("rename to", to);
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EEXIST) return false;
  if (errno != EINVAL && errno != ENOSYS) return sys_error("rename to", to);
  if (::rename(from.c_str(), to.c_str()) != 0) return sys_error("rename to", to);
  return true;
}

}  // namespace deja::os
