// SPDX-License-Identifier: Apache-2.0
// Creates the log of one observed run. Freestanding: the client is a static program without a C++
// library and without an allocator; tests and the engine use the same function.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "observe/preload/log_layout.h"

namespace deja::observe {

// Sparse: pages without records take no memory. A full log is not read (log_reader.h).
inline constexpr uint64_t kLogCapacity = 64ull << 20;

// A limit on file sizes reduces the capacity; below this size a run is not observed.
inline constexpr uint64_t kLogMinimum = 1 << 20;
inline constexpr uint64_t kLogGrain = 64 << 10;

struct NewLog {
  int fd = -1;         // close-on-exec; must stay open until the run has ended
  char path[40] = {};  // the value of DEJA_LOG_VARIABLE: "/proc/PID/fd/N"
};

inline char* put_decimal(char* out, unsigned long value) {
  char digits[24];
  int n = 0;
  do {
    digits[n++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (n != 0) *out++ = digits[--n];
  return out;
}

inline char* put_string(char* out, const char* text) {
  while (*text) *out++ = *text++;
  return out;
}

// client: the client's executable, which a nested deja would start, or nullptr. False if the kernel
// refuses: nothing stays open, and errno has the reason.
inline bool create_log(NewLog& log, const char* client, uint64_t capacity = kLogCapacity) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < capacity) {
    capacity = limit.rlim_cur & ~(kLogGrain - 1);
    if (capacity < kLogMinimum) {
      errno = EFBIG;
      return false;
    }
  }
  deja_log_header header = {};
  header.magic = DEJA_LOG_MAGIC;
  header.version = DEJA_LOG_VERSION;
  header.capacity = capacity;
  header.tail = DEJA_LOG_HEADER_BYTES;
  struct stat st;
  if (client && stat(client, &st) == 0) {
    header.client_device = st.st_dev;
    header.client_inode = st.st_ino;
  }
  if (fstat(0, &st) == 0) {
    header.stdin_device = st.st_dev;
    header.stdin_inode = st.st_ino;
  }
  const unsigned flags = 1 | 2;  // MFD_CLOEXEC | MFD_ALLOW_SEALING
  log.fd = static_cast<int>(syscall(SYS_memfd_create, "deja-observe", flags));
  if (log.fd < 0) return false;
  if (ftruncate(log.fd, static_cast<off_t>(capacity)) != 0 ||
      pwrite(log.fd, &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header)) {
    close(log.fd);
    log.fd = -1;
    return false;
  }
  // No process of the run may truncate it under the others' mappings (SIGBUS). The numbers are Linux's
  // F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW. A failure does not matter.
  fcntl(log.fd, 1033, 1 | 2 | 4);
  char* out = put_string(log.path, "/proc/");
  out = put_decimal(out, static_cast<unsigned long>(getpid()));
  out = put_string(out, "/fd/");
  *put_decimal(out, static_cast<unsigned long>(log.fd)) = '\0';
  return true;
}

}  // namespace deja::observe
