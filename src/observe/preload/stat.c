// SPDX-License-Identifier: Apache-2.0
/* Looking at files without opening them: stat, access, readlink, realpath. */
#include <limits.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "observe.h"

static int64_t before(void) { return deja_recording() ? deja_now() : 0; }

void deja_note_stat(int at, const char *path, uint16_t flags, int result, const struct stat *st,
                    int64_t when) {
  struct deja_log_identity identity;
  if (!deja_recording()) return;
  if (result == 0 || errno != EFAULT) deja_note_module_stamp(path, result == 0);
  bool found = false;
  if (result == 0) {
    found = st != NULL;
    if (found) {
      deja_identity_of(st, &identity);
    } else {
      const int follow = flags & DEJA_FLAG_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
      found = deja_identity_at(at, path, follow, &identity) == 0;
    }
  }
  deja_write(&NOTE(.op = DEJA_OP_STAT, .flags = flags, .error = result == 0 ? 0 : errno, .at = at,
                   .path = path, .when = when, .once = true, .identity = found ? &identity : NULL));
}

/* struct stat and struct stat64 are one on 64-bit machines. */
_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "one layout");

#define DEFINE_STAT(name, type, flags)                                                          \
  EXPORT int name(const char *path, struct type *st) {                                          \
    const int64_t when = before();                                                              \
    const int result = NEXT(name)(path, st);                                                    \
    deja_note_stat(AT_FDCWD, path, flags, result, (const struct stat *)(const void *)st, when); \
    return result;                                                                              \
  }
DEFINE_STAT(stat, stat, 0)
DEFINE_STAT(stat64, stat64, 0)
DEFINE_STAT(lstat, stat, DEJA_FLAG_NOFOLLOW)
DEFINE_STAT(lstat64, stat64, DEJA_FLAG_NOFOLLOW)

#define DEFINE_XSTAT(name, type, flags)                                                         \
  int name(int version, const char *path, struct type *st);                                     \
  EXPORT int name(int version, const char *path, struct type *st) {                             \
    const int64_t when = before();                                                              \
    const int result = NEXT(name)(version, path, st);                                           \
    deja_note_stat(AT_FDCWD, path, flags, result, (const struct stat *)(const void *)st, when); \
    return result;                                                                              \
  }
DEFINE_XSTAT(__xstat, stat, 0)
DEFINE_XSTAT(__xstat64, stat64, 0)
DEFINE_XSTAT(__lxstat, stat, DEJA_FLAG_NOFOLLOW)
DEFINE_XSTAT(__lxstat64, stat64, DEJA_FLAG_NOFOLLOW)

static uint16_t at_flags(int flags) { return flags & AT_SYMLINK_NOFOLLOW ? DEJA_FLAG_NOFOLLOW : 0; }

#define DEFINE_FSTATAT(name, type, parameters, arguments)                                    \
  int name parameters;                                                                       \
  EXPORT int name parameters {                                                               \
    const int64_t when = before();                                                           \
    const int result = NEXT(name) arguments;                                                 \
    deja_note_stat(at, path, at_flags(flags), result, (const struct stat *)(const void *)st, \
                   when);                                                                    \
    return result;                                                                           \
  }
DEFINE_FSTATAT(fstatat, stat, (int at, const char *path, struct stat *st, int flags),
               (at, path, st, flags))
DEFINE_FSTATAT(fstatat64, stat64, (int at, const char *path, struct stat64 *st, int flags),
               (at, path, st, flags))
DEFINE_FSTATAT(__fxstatat, stat,
               (int version, int at, const char *path, struct stat *st, int flags),
               (version, at, path, st, flags))
DEFINE_FSTATAT(__fxstatat64, stat64,
               (int version, int at, const char *path, struct stat64 *st, int flags),
               (version, at, path, st, flags))

static void identity_of_statx(const struct statx *sx, struct deja_log_identity *out) {
  out->device = makedev(sx->stx_dev_major, sx->stx_dev_minor);
  out->inode = sx->stx_ino;
  out->file_size = sx->stx_size;
  out->mtime_ns = sx->stx_mtime.tv_sec * 1000000000 + sx->stx_mtime.tv_nsec;
  out->ctime_ns = sx->stx_ctime.tv_sec * 1000000000 + sx->stx_ctime.tv_nsec;
  out->mode = sx->stx_mode;
  out->links = sx->stx_nlink;
}

EXPORT int statx(int at, const char *restrict path, int flags, unsigned mask,
                 struct statx *restrict sx) {
  const int64_t when = before();
  const int result = NEXT(statx)(at, path, flags, mask, sx);
  if (deja_recording() && path) {
    struct deja_log_identity identity;
    bool found = false;
    if (result == 0 && (sx->stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS) {
      identity_of_statx(sx, &identity);
      found = true;
    } else if (result == 0) {
      found = deja_identity_at(at, path, flags & AT_SYMLINK_NOFOLLOW, &identity) == 0;
    }
    deja_write(&NOTE(.op = DEJA_OP_STAT, .flags = at_flags(flags), .error = result ? errno : 0,
                     .at = at, .path = path, .when = when, .once = true,
                     .identity = found ? &identity : NULL));
  }
  return result;
}

/* --- access ------------------------------------------------------------------------------------------ */

#define DEFINE_ACCESS(name)                                \
  int name(const char *path, int mode);                    \
  EXPORT int name(const char *path, int mode) {            \
    const int64_t when = before();                         \
    const int result = NEXT(name)(path, mode);             \
    deja_note_stat(AT_FDCWD, path, 0, result, NULL, when); \
    return result;                                         \
  }
DEFINE_ACCESS(access)
DEFINE_ACCESS(eaccess)
DEFINE_ACCESS(euidaccess)

EXPORT int faccessat(int at, const char *path, int mode, int flags) {
  const int64_t when = before();
  const int result = NEXT(faccessat)(at, path, mode, flags);
  deja_note_stat(at, path, at_flags(flags), result, NULL, when);
  return result;
}

/* The attributes and the file system of a path: changes of them appear in its identity (ctime) or in a
 * HOST record. */
#define DEFINE_LOOK(type, name, parameters, arguments, flags, failed)   \
  EXPORT type name parameters {                                         \
    const int64_t when = before();                                      \
    const type result = NEXT(name) arguments;                           \
    deja_note_stat(AT_FDCWD, path, flags, failed ? -1 : 0, NULL, when); \
    return result;                                                      \
  }
DEFINE_LOOK(ssize_t, getxattr, (const char *path, const char *name, void *value, size_t size),
            (path, name, value, size), 0, result < 0)
DEFINE_LOOK(ssize_t, lgetxattr, (const char *path, const char *name, void *value, size_t size),
            (path, name, value, size), DEJA_FLAG_NOFOLLOW, result < 0)
DEFINE_LOOK(ssize_t, listxattr, (const char *path, char *list, size_t size), (path, list, size), 0,
            result < 0)
DEFINE_LOOK(ssize_t, llistxattr, (const char *path, char *list, size_t size), (path, list, size),
            DEJA_FLAG_NOFOLLOW, result < 0)
DEFINE_LOOK(long, pathconf, (const char *path, int name), (path, name), 0,
            result < 0 && errno != EINVAL)

#define DEFINE_STATFS(name, type)                          \
  EXPORT int name(const char *path, struct type *out) {    \
    const int64_t when = before();                         \
    const int result = NEXT(name)(path, out);              \
    deja_note_stat(AT_FDCWD, path, 0, result, NULL, when); \
    deja_note_host("filesystem", 8);                       \
    return result;                                         \
  }
DEFINE_STATFS(statfs, statfs)
DEFINE_STATFS(statfs64, statfs64)
DEFINE_STATFS(statvfs, statvfs)
DEFINE_STATFS(statvfs64, statvfs64)

/* --- links ------------------------------------------------------------------------------------------- */

/* The caller's buffer may have been too short for the link: reads it again in full. A separate function
 * because of its stack use. */
COLD static void note_long_link(int at, const char *path, int64_t when) {
  char text[PATH_MAX];
  const long size = raw4(SYS_readlinkat, at, path, text, sizeof text);
  deja_write(&NOTE(.op = DEJA_OP_READLINK, .at = at, .path = path, .when = when, .once = true,
                   .text2 = text, .text2_size = size > 0 ? (size_t)size : 0));
}

static void note_readlink(int at, const char *path, const char *text, size_t room, ssize_t size,
                          int64_t when) {
  char opened[4096];
  if (!deja_recording()) return;
  if (path && path[0] == '\0' &&
      size >= 0) { /* the descriptor is the link itself, opened with O_PATH */
    const int saved = errno;
    opened[deja_path_of(at, opened, sizeof opened - 1)] = '\0';
    errno = saved;
    if (opened[0] == '\0') return deja_lose(DEJA_LOST_PATH);
    path = opened;
    at = AT_FDCWD;
  }
  if (size > 0 && (size_t)size == room) return note_long_link(at, path, when);
  deja_write(&NOTE(.op = DEJA_OP_READLINK, .error = size < 0 ? errno : 0, .at = at, .path = path,
                   .when = when, .once = true, .text2 = text,
                   .text2_size = size > 0 ? (size_t)size : 0));
}

EXPORT ssize_t readlink(const char *restrict path, char *restrict out, size_t room) {
  const int64_t when = before();
  const ssize_t size = NEXT(readlink)(path, out, room);
  note_readlink(AT_FDCWD, path, out, room, size, when);
  return size;
}

ssize_t __readlink_chk(const char *path, char *out, size_t room, size_t size);
EXPORT ssize_t __readlink_chk(const char *path, char *out, size_t room, size_t limit) {
  const int64_t when = before();
  const ssize_t size = NEXT(__readlink_chk)(path, out, room, limit);
  note_readlink(AT_FDCWD, path, out, room, size, when);
  return size;
}

EXPORT ssize_t readlinkat(int at, const char *restrict path, char *restrict out, size_t room) {
  const int64_t when = before();
  const ssize_t size = NEXT(readlinkat)(at, path, out, room);
  note_readlink(at, path, out, room, size, when);
  return size;
}

ssize_t __readlinkat_chk(int at, const char *path, char *out, size_t room, size_t limit);
EXPORT ssize_t __readlinkat_chk(int at, const char *path, char *out, size_t room, size_t limit) {
  const int64_t when = before();
  const ssize_t size = NEXT(__readlinkat_chk)(at, path, out, room, limit);
  note_readlink(at, path, out, room, size, when);
  return size;
}

/* Every call is recorded: a compiler that calls it twice for a source has found it as a header, too. */
static char *note_realpath(const char *path, char *result, int64_t when) {
  if (deja_recording())
    deja_write(&NOTE(.op = DEJA_OP_REALPATH, .error = result ? 0 : errno, .path = path,
                     .when = when, .text2 = result, .text2_size = result ? strlen(result) : 0));
  return result;
}

EXPORT char *realpath(const char *restrict path, char *restrict out) {
  const int64_t when = before();
  return note_realpath(path, NEXT(realpath)(path, out), when);
}

char *__realpath_chk(const char *path, char *out, size_t size);
EXPORT char *__realpath_chk(const char *path, char *out, size_t size) {
  const int64_t when = before();
  return note_realpath(path, NEXT(__realpath_chk)(path, out, size), when);
}

EXPORT char *canonicalize_file_name(const char *path) {
  const int64_t when = before();
  return note_realpath(path, NEXT(canonicalize_file_name)(path), when);
}
