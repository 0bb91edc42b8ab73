// SPDX-License-Identifier: Apache-2.0
/* The end of writing a file. From then on its stamps show whether another process has changed it, so its
 * identity at this moment is that of the tool's output. Descriptors that were duplicated, or that are
 * closed by the end of the process, get no record: their last write is not visible. */
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "observe.h"

/* One bit for each descriptor opened for writing. Higher numbers are not followed. */
#define FOLLOWED_MAX 1024
static uint64_t written[FOLLOWED_MAX / 64];

static bool is_followed(int fd) {
  return fd >= 0 && fd < FOLLOWED_MAX &&
         (__atomic_load_n(&written[fd / 64], __ATOMIC_RELAXED) >> (fd % 64) & 1) != 0;
}

void deja_follow(int fd, bool follow) {
  if (fd < 0 || fd >= FOLLOWED_MAX || deja_is_vfork_child()) return;
  const uint64_t bit = (uint64_t)1 << (fd % 64);
  if (follow)
    __atomic_fetch_or(&written[fd / 64], bit, __ATOMIC_RELAXED);
  else if (is_followed(fd))
    __atomic_fetch_and(&written[fd / 64], ~bit, __ATOMIC_RELAXED);
}

/* A file that gets another one's inode number within the same tick of the clock has another generation
 * (ext4, XFS, btrfs; 0 on other file systems). */
static uint32_t generation_of(int fd) {
  uint64_t generation = 0; /* the kernel writes an int, whatever the request's name says */
  return raw3(SYS_ioctl, fd, FS_IOC_GETVERSION, &generation) == 0 ? (uint32_t)generation : 0;
}

static void before_close(int fd) {
  struct deja_log_identity identity;
  if (!deja_recording() || deja_is_vfork_child()) return;
  deja_follow(fd, false);
  if (!deja_identity_fd(fd, &identity) || !S_ISREG(identity.mode)) return;
  deja_write(&NOTE(.op = DEJA_OP_CLOSE, .value = generation_of(fd), .identity = &identity));
}

EXPORT int close(int fd) {
  if (UNLIKELY(is_followed(fd))) before_close(fd);
  return NEXT(close)(fd);
}

/* Flushes first, as fclose would, so that nothing is written after the identity is taken. Its own result
 * reports a failure: unwritten data stays in the stream. */
EXPORT int fclose(FILE *stream) {
  const int fd = stream ? fileno(stream) : -1;
  const pid_t piped = deja_take_piped(stream);
  if (UNLIKELY(fd == 0)) deja_look_at_stdin();
  if (UNLIKELY(is_followed(fd))) {
    const int saved = errno;
    if (fflush(stream) == 0) before_close(fd);
    deja_follow(fd, false);
    errno = saved;
  }
  const int result = NEXT(fclose)(stream);
  return UNLIKELY(piped != 0) ? deja_end_piped(piped, result) : result;
}

/* --- one file behind two descriptors: a write may follow the close of one of them ------------------ */

EXPORT int dup(int fd) {
  deja_follow(fd, false);
  return NEXT(dup)(fd);
}
EXPORT int dup2(int fd, int to) {
  deja_follow(fd, false);
  const int result = NEXT(dup2)(fd, to);
  if (result >= 0) deja_follow(to, false);
  return result;
}
EXPORT int dup3(int fd, int to, int flags) {
  deja_follow(fd, false);
  const int result = NEXT(dup3)(fd, to, flags);
  if (result >= 0) deja_follow(to, false);
  return result;
}

static bool locks(int command, const void *argument) {
  switch (command) {
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW: return ((const struct flock *)argument)->l_type == F_WRLCK;
    default: return false;
  }
}

#define DEFINE_FCNTL(name)                                                        \
  int name(int fd, int command, ...);                                             \
  EXPORT int name(int fd, int command, ...) {                                     \
    va_list list;                                                                 \
    va_start(list, command);                                                      \
    void *argument = va_arg(list, void *);                                        \
    va_end(list);                                                                 \
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) deja_follow(fd, false); \
    const int result = NEXT(name)(fd, command, argument);                         \
    if (result == 0 && locks(command, argument)) deja_note_lock(fd);              \
    return result;                                                                \
  }
DEFINE_FCNTL(fcntl)
DEFINE_FCNTL(fcntl64)
