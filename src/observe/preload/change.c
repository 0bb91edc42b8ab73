// SPDX-License-Identifier: Apache-2.0
/* Changes of names and attributes: all changes of the tree except writing files. */
#include <stdio.h>
#include <sys/file.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include "observe.h"

static int error_of(int result) { return result == 0 ? 0 : errno; }

void deja_note_change(int at, const char *path, int flags, int result, int64_t when) {
  deja_write(&NOTE(.op = DEJA_OP_CHANGE,
                   .flags = flags & AT_SYMLINK_NOFOLLOW ? DEJA_FLAG_NOFOLLOW : 0, .at = at,
                   .path = path, .when = when, .error = error_of(result)));
}

/* Attributes can be changed through a descriptor that was opened for reading only. */
void deja_note_change_fd(int fd, int result) {
  char path[4096];
  if (!deja_recording()) return;
  const int saved = errno;
  const size_t size = deja_path_of(fd, path, sizeof path - 1);
  path[size] = '\0';
  errno = saved;
  deja_note_change(AT_FDCWD, path, 0, result, 0);
}

void deja_note_lock(int fd) {
  char path[4096];
  if (!deja_recording()) return;
  const int saved = errno;
  path[deja_path_of(fd, path, sizeof path - 1)] = '\0';
  deja_write(&NOTE(.op = DEJA_OP_LOCK, .path = path, .once = true));
  errno = saved;
}

EXPORT int flock(int fd, int operation) {
  deja_started();
  const int result = NEXT(flock)(fd, operation);
  if (result == 0 && (operation & LOCK_EX)) deja_note_lock(fd);
  return result;
}

/* --- names ------------------------------------------------------------------------------------------ */

#define DEFINE_NAME(operation, name, parameters, arguments, where)                            \
  EXPORT int name parameters {                                                                \
    const int result = NEXT(name) arguments;                                                  \
    deja_write(&NOTE(.op = operation, .at = where, .path = path, .error = error_of(result))); \
    return result;                                                                            \
  }
DEFINE_NAME(DEJA_OP_MKDIR, mkdir, (const char *path, mode_t mode), (path, mode), AT_FDCWD)
DEFINE_NAME(DEJA_OP_MKDIR, mkdirat, (int at, const char *path, mode_t mode), (at, path, mode), at)
DEFINE_NAME(DEJA_OP_UNLINK, rmdir, (const char *path), (path), AT_FDCWD)
DEFINE_NAME(DEJA_OP_UNLINK, unlink, (const char *path), (path), AT_FDCWD)
DEFINE_NAME(DEJA_OP_UNLINK, unlinkat, (int at, const char *path, int flags), (at, path, flags), at)
DEFINE_NAME(DEJA_OP_UNLINK, remove, (const char *path), (path), AT_FDCWD)

/* The call removes or creates the names, so both are written as absolute paths. */
static int two_names(enum deja_op op, uint16_t flags, int at, const char *path, int at2,
                     const char *path2, int result) {
  deja_write(&NOTE(.op = (uint16_t)op, .flags = flags, .absolute = true, .at = at, .path = path,
                   .at2 = at2, .path2 = path2, .error = error_of(result)));
  return result;
}

EXPORT int rename(const char *from, const char *to) {
  return two_names(DEJA_OP_RENAME, 0, AT_FDCWD, from, AT_FDCWD, to, NEXT(rename)(from, to));
}
EXPORT int renameat(int at, const char *from, int at2, const char *to) {
  return two_names(DEJA_OP_RENAME, 0, at, from, at2, to, NEXT(renameat)(at, from, at2, to));
}
EXPORT int renameat2(int at, const char *from, int at2, const char *to, unsigned flags) {
  const unsigned noted = (flags & RENAME_EXCHANGE ? DEJA_RENAME_EXCHANGE : 0) |
                         (flags & RENAME_NOREPLACE ? DEJA_RENAME_NOREPLACE : 0);
  return two_names(DEJA_OP_RENAME, (uint16_t)noted, at, from, at2, to,
                   NEXT(renameat2)(at, from, at2, to, flags));
}
EXPORT int link(const char *from, const char *to) {
  return two_names(DEJA_OP_LINK, DEJA_FLAG_NOFOLLOW, AT_FDCWD, from, AT_FDCWD, to,
                   NEXT(link)(from, to));
}
EXPORT int linkat(int at, const char *from, int at2, const char *to, int flags) {
  char opened[4096];
  if ((flags & AT_EMPTY_PATH) && from && from[0] == '\0' && deja_recording()) {
    const size_t size = deja_path_of(at, opened, sizeof opened - 1);
    opened[size] = '\0'; /* an O_TMPFILE has no name: the new name then counts as a created file */
    const int result = NEXT(linkat)(at, from, at2, to, flags);
    return two_names(DEJA_OP_LINK, 0, AT_FDCWD, size ? opened : to, at2, to, result);
  }
  return two_names(DEJA_OP_LINK, flags & AT_SYMLINK_FOLLOW ? 0 : DEJA_FLAG_NOFOLLOW, at, from, at2,
                   to, NEXT(linkat)(at, from, at2, to, flags));
}

static int note_symlink(const char *text, int at, const char *path, int result) {
  deja_write(&NOTE(.op = DEJA_OP_SYMLINK, .at = at, .path = path, .text2 = text,
                   .text2_size = text && (result == 0 || errno != EFAULT) ? strlen(text) : 0,
                   .error = error_of(result)));
  return result;
}
EXPORT int symlink(const char *text, const char *path) {
  return note_symlink(text, AT_FDCWD, path, NEXT(symlink)(text, path));
}
EXPORT int symlinkat(const char *text, int at, const char *path) {
  return note_symlink(text, at, path, NEXT(symlinkat)(text, at, path));
}

/* --- attributes --------------------------------------------------------------------------------------- */

#define DEFINE_CHANGE(name, parameters, arguments, where, flag) \
  EXPORT int name parameters {                                  \
    const int result = NEXT(name) arguments;                    \
    deja_note_change(where, path, flag, result, 0);             \
    return result;                                              \
  }
#define NOFOLLOW AT_SYMLINK_NOFOLLOW
DEFINE_CHANGE(truncate, (const char *path, off_t size), (path, size), AT_FDCWD, 0)
DEFINE_CHANGE(truncate64, (const char *path, off64_t size), (path, size), AT_FDCWD, 0)
DEFINE_CHANGE(chmod, (const char *path, mode_t mode), (path, mode), AT_FDCWD, 0)
DEFINE_CHANGE(lchmod, (const char *path, mode_t mode), (path, mode), AT_FDCWD, NOFOLLOW)
DEFINE_CHANGE(fchmodat, (int at, const char *path, mode_t mode, int flags), (at, path, mode, flags),
              at, flags)
DEFINE_CHANGE(chown, (const char *path, uid_t u, gid_t g), (path, u, g), AT_FDCWD, 0)
DEFINE_CHANGE(lchown, (const char *path, uid_t u, gid_t g), (path, u, g), AT_FDCWD, NOFOLLOW)
DEFINE_CHANGE(fchownat, (int at, const char *path, uid_t u, gid_t g, int flags),
              (at, path, u, g, flags), at, flags)

/* Times that are not the present one. */
static void note_times(const void *times) {
  if (times != NULL) deja_note_host("times of files", 15);
}
static bool is_given(const struct timespec *time) {
  return time->tv_nsec != UTIME_NOW && time->tv_nsec != UTIME_OMIT;
}
static void note_timespecs(const struct timespec times[2]) {
  if (times != NULL && (is_given(&times[0]) || is_given(&times[1]))) note_times(times);
}
#define DEFINE_TIMES(name, parameters, arguments, where, flag) \
  EXPORT int name parameters {                                 \
    const int result = NEXT(name) arguments;                   \
    deja_note_change(where, path, flag, result, 0);            \
    if (result == 0) note_times(times);                        \
    return result;                                             \
  }
DEFINE_TIMES(utime, (const char *path, const struct utimbuf *times), (path, times), AT_FDCWD, 0)
DEFINE_TIMES(utimes, (const char *path, const struct timeval times[2]), (path, times), AT_FDCWD, 0)
DEFINE_TIMES(lutimes, (const char *path, const struct timeval times[2]), (path, times), AT_FDCWD,
             NOFOLLOW)

/* An access control list of three entries is the mode (acl(5); 4 bytes, then 8 for each entry). */
static void note_attribute(const char *name, size_t size) {
  static const char acl[] = "system.posix_acl_";
  if (strncmp(name, acl, sizeof acl - 1) == 0 && size <= 4 + 3 * 8) return;
  deja_note_host("extended attributes", 16);
}
#define DEFINE_ATTRIBUTE(name, where)                                                      \
  EXPORT int name(const char *path, const char *attribute, const void *value, size_t size, \
                  int how) {                                                               \
    const int result = NEXT(name)(path, attribute, value, size, how);                      \
    deja_note_change(AT_FDCWD, path, where, result, 0);                                    \
    if (result == 0) note_attribute(attribute, size);                                      \
    return result;                                                                         \
  }
DEFINE_ATTRIBUTE(setxattr, 0)
DEFINE_ATTRIBUTE(lsetxattr, NOFOLLOW)
DEFINE_CHANGE(removexattr, (const char *path, const char *name), (path, name), AT_FDCWD, 0)
DEFINE_CHANGE(lremovexattr, (const char *path, const char *name), (path, name), AT_FDCWD, NOFOLLOW)
DEFINE_CHANGE(mknod, (const char *path, mode_t mode, dev_t dev), (path, mode, dev), AT_FDCWD, 0)
DEFINE_CHANGE(mknodat, (int at, const char *path, mode_t mode, dev_t dev), (at, path, mode, dev),
              at, 0)
DEFINE_CHANGE(mkfifo, (const char *path, mode_t mode), (path, mode), AT_FDCWD, 0)
DEFINE_CHANGE(mkfifoat, (int at, const char *path, mode_t mode), (at, path, mode), at, 0)
int __xmknod(int version, const char *path, mode_t mode, dev_t *dev);
int __xmknodat(int version, int at, const char *path, mode_t mode, dev_t *dev);
DEFINE_CHANGE(__xmknod, (int version, const char *path, mode_t mode, dev_t *dev),
              (version, path, mode, dev), AT_FDCWD, 0)
DEFINE_CHANGE(__xmknodat, (int version, int at, const char *path, mode_t mode, dev_t *dev),
              (version, at, path, mode, dev), at, 0)

/* With a NULL path these change the descriptor's file. */
EXPORT int utimensat(int at, const char *path, const struct timespec times[2], int flags) {
  const int result = NEXT(utimensat)(at, path, times, flags);
  if (result != 0 && errno == EFAULT) return result;
  if (path && path[0])
    deja_note_change(at, path, flags, result, 0);
  else
    deja_note_change_fd(at, result);
  if (result == 0) note_timespecs(times);
  return result;
}
EXPORT int futimesat(int at, const char *path, const struct timeval times[2]) {
  const int result = NEXT(futimesat)(at, path, times);
  if (path)
    deja_note_change(at, path, 0, result, 0);
  else
    deja_note_change_fd(at, result);
  if (result == 0) note_times(times);
  return result;
}

#define DEFINE_CHANGE_FD(name, parameters, arguments) \
  EXPORT int name parameters {                        \
    const int result = NEXT(name) arguments;          \
    deja_note_change_fd(fd, result);                  \
    return result;                                    \
  }
DEFINE_CHANGE_FD(fchmod, (int fd, mode_t mode), (fd, mode))
DEFINE_CHANGE_FD(fchown, (int fd, uid_t u, gid_t g), (fd, u, g))
EXPORT int futimens(int fd, const struct timespec times[2]) {
  const int result = NEXT(futimens)(fd, times);
  deja_note_change_fd(fd, result);
  if (result == 0) note_timespecs(times);
  return result;
}
EXPORT int futimes(int fd, const struct timeval times[2]) {
  const int result = NEXT(futimes)(fd, times);
  deja_note_change_fd(fd, result);
  if (result == 0) note_times(times);
  return result;
}
EXPORT int fsetxattr(int fd, const char *name, const void *value, size_t size, int how) {
  const int result = NEXT(fsetxattr)(fd, name, value, size, how);
  deja_note_change_fd(fd, result);
  if (result == 0) note_attribute(name, size);
  return result;
}
DEFINE_CHANGE_FD(fremovexattr, (int fd, const char *name), (fd, name))
