// SPDX-License-Identifier: Apache-2.0
/* open, creat, fopen and the functions for temporary names, in all their variants. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "observe.h"

/* A flag of struct opening, never in a record: O_PATH. Such a descriptor can neither read nor write,
 * whatever the other flags are; it counts as a look at the name, as stat and lstat do. */
#define ONLY_LOOKS 0x800u

static uint16_t open_flags(int flags) {
  uint16_t out = 0;
  if (flags & O_PATH) return ONLY_LOOKS | (flags & O_NOFOLLOW ? DEJA_FLAG_NOFOLLOW : 0);
  const int access_mode = flags & O_ACCMODE;
  if (access_mode == O_RDONLY || access_mode == O_RDWR) out |= DEJA_OPEN_READ;
  if (access_mode != O_RDONLY) out |= DEJA_OPEN_WRITE;
  if (flags & O_CREAT) out |= DEJA_OPEN_CREATE;
  if (flags & O_EXCL) out |= DEJA_OPEN_EXCLUSIVE;
  if (flags & O_TRUNC) out |= DEJA_OPEN_TRUNCATE;
  if (flags & O_APPEND) out |= DEJA_OPEN_APPEND;
  if (flags & O_NOFOLLOW) out |= DEJA_FLAG_NOFOLLOW;
  if ((flags & O_TMPFILE) == O_TMPFILE) out |= DEJA_OPEN_TEMPORARY;
  return out;
}

struct opening {
  int at;
  const char *path;
  uint16_t flags;
  int64_t when;
};

static struct opening before_open(int at, const char *path, uint16_t flags) {
  struct opening o = {.at = at, .path = path, .flags = flags};
  if (!deja_recording()) return o;
  o.when = deja_now();
  /* What the name was before decides whether the tool read an old file or made a new one. */
  struct stat st;
  if ((flags & DEJA_OPEN_CREATE) && !(flags & DEJA_OPEN_EXCLUSIVE) &&
      raw4(SYS_newfstatat, at, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
    o.flags |= DEJA_OPEN_EXISTED | (S_ISREG(st.st_mode) && st.st_size == 0 ? DEJA_OPEN_EMPTY : 0);
  return o;
}

static void after_open(const struct opening *o, int fd) {
  struct deja_log_identity identity;
  if (!deja_recording()) return;
  const int error = fd < 0 ? errno : 0;
  const bool found = fd >= 0 && deja_identity_fd(fd, &identity);
  deja_follow(fd, (o->flags & DEJA_OPEN_WRITE) != 0);
  if (o->flags & ONLY_LOOKS) {
    deja_write(&NOTE(.op = DEJA_OP_STAT, .flags = (uint16_t)(o->flags & ~ONLY_LOOKS),
                     .error = error, .at = o->at, .path = o->path, .when = o->when, .once = true,
                     .identity = found ? &identity : NULL));
    return;
  }
  /* Equal records of an unchanged file, or of a missing one, may be dropped. */
  const bool once = !(o->flags & DEJA_OPEN_CREATE) && (fd < 0 || o->flags == DEJA_OPEN_READ);
  deja_write(&NOTE(.op = DEJA_OP_OPEN, .flags = o->flags, .error = error, .at = o->at,
                   .path = o->path, .when = o->when, .once = once,
                   .identity = found ? &identity : NULL));
  if (fd >= 0 && !(o->flags & DEJA_OPEN_WRITE)) deja_ask_again();
}

#define MODE_ARGUMENT(flags)                                       \
  mode_t mode = 0;                                                 \
  if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) { \
    va_list list;                                                  \
    va_start(list, flags);                                         \
    mode = (mode_t)va_arg(list, int);                              \
    va_end(list);                                                  \
  }

#define DEFINE_OPEN(name)                                              \
  int name(const char *path, int flags, ...);                          \
  EXPORT int name(const char *path, int flags, ...) {                  \
    MODE_ARGUMENT(flags)                                               \
    struct opening o = before_open(AT_FDCWD, path, open_flags(flags)); \
    const int fd = NEXT(name)(path, flags, mode);                      \
    after_open(&o, fd);                                                \
    return fd;                                                         \
  }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)
DEFINE_OPEN(__open)
DEFINE_OPEN(__open64)

#define DEFINE_OPEN_2(name)                                            \
  int name(const char *path, int flags);                               \
  EXPORT int name(const char *path, int flags) {                       \
    struct opening o = before_open(AT_FDCWD, path, open_flags(flags)); \
    const int fd = NEXT(name)(path, flags);                            \
    after_open(&o, fd);                                                \
    return fd;                                                         \
  }
DEFINE_OPEN_2(__open_2)
DEFINE_OPEN_2(__open64_2)

#define DEFINE_OPENAT(name)                                      \
  int name(int at, const char *path, int flags, ...);            \
  EXPORT int name(int at, const char *path, int flags, ...) {    \
    MODE_ARGUMENT(flags)                                         \
    struct opening o = before_open(at, path, open_flags(flags)); \
    const int fd = NEXT(name)(at, path, flags, mode);            \
    after_open(&o, fd);                                          \
    return fd;                                                   \
  }
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

#define DEFINE_OPENAT_2(name)                                    \
  int name(int at, const char *path, int flags);                 \
  EXPORT int name(int at, const char *path, int flags) {         \
    struct opening o = before_open(at, path, open_flags(flags)); \
    const int fd = NEXT(name)(at, path, flags);                  \
    after_open(&o, fd);                                          \
    return fd;                                                   \
  }
DEFINE_OPENAT_2(__openat_2)
DEFINE_OPENAT_2(__openat64_2)

#define DEFINE_CREAT(name)                                                                    \
  EXPORT int name(const char *path, mode_t mode) {                                            \
    struct opening o = before_open(AT_FDCWD, path, open_flags(O_CREAT | O_WRONLY | O_TRUNC)); \
    const int fd = NEXT(name)(path, mode);                                                    \
    after_open(&o, fd);                                                                       \
    return fd;                                                                                \
  }
DEFINE_CREAT(creat)
DEFINE_CREAT(creat64)

/* A kernel structure for which glibc has had no wrapper until recently. syscall.c uses it too. */
struct how {
  uint64_t flags, mode, resolve;
};
#define RESOLVE_IN_ROOT_ 0x10
int openat2(int at, const char *path, const struct how *how, size_t size);
EXPORT int openat2(int at, const char *path, const struct how *how, size_t size) {
  struct opening o = {.at = at, .path = path};
  if (how && size >= sizeof *how) {
    o = before_open(at, path, open_flags((int)how->flags));
    if (how->resolve & RESOLVE_IN_ROOT_) deja_lose(DEJA_LOST_KERNEL);
  }
  const long fd = raw4(SYS_openat2, at, path, how, size);
  if (fd < 0) errno = (int)-fd;
  after_open(&o, fd < 0 ? -1 : (int)fd);
  return fd < 0 ? -1 : (int)fd;
}

/* --- stdio ------------------------------------------------------------------------------------------ */

static uint16_t fopen_flags(const char *mode) {
  uint16_t out = DEJA_OPEN_READ;
  if (mode == NULL) return out;
  if (mode[0] == 'w') out = DEJA_OPEN_WRITE | DEJA_OPEN_CREATE | DEJA_OPEN_TRUNCATE;
  if (mode[0] == 'a') out = DEJA_OPEN_WRITE | DEJA_OPEN_CREATE | DEJA_OPEN_APPEND;
  for (const char *m = mode; *m && *m != ','; ++m) {
    if (*m == '+') out |= DEJA_OPEN_READ | DEJA_OPEN_WRITE;
    if (*m == 'x') out |= DEJA_OPEN_EXCLUSIVE;
  }
  return out;
}

#define DEFINE_FOPEN(name)                                             \
  FILE *name(const char *path, const char *mode);                      \
  EXPORT FILE *name(const char *path, const char *mode) {              \
    struct opening o = before_open(AT_FDCWD, path, fopen_flags(mode)); \
    FILE *file = NEXT(name)(path, mode);                               \
    after_open(&o, file ? fileno(file) : -1);                          \
    return file;                                                       \
  }
DEFINE_FOPEN(fopen)
DEFINE_FOPEN(fopen64)
DEFINE_FOPEN(_IO_fopen)

/* A table of mounts is read like any other file. */
DEFINE_FOPEN(setmntent)
DEFINE_FOPEN(__setmntent)

#define DEFINE_FREOPEN(name)                                                           \
  EXPORT FILE *name(const char *path, const char *mode, FILE *stream) {                \
    if (path == NULL) return NEXT(name)(path, mode, stream); /* the same file again */ \
    struct opening o = before_open(AT_FDCWD, path, fopen_flags(mode));                 \
    FILE *file = NEXT(name)(path, mode, stream);                                       \
    after_open(&o, file ? fileno(file) : -1);                                          \
    return file;                                                                       \
  }
DEFINE_FREOPEN(freopen)
DEFINE_FREOPEN(freopen64)

/* --- temporary names ---------------------------------------------------------------------------------- */

#define TEMPORARY \
  (DEJA_OPEN_READ | DEJA_OPEN_WRITE | DEJA_OPEN_CREATE | DEJA_OPEN_EXCLUSIVE | DEJA_OPEN_TEMPORARY)

static int after_temporary(const char *path, int fd, int64_t when) {
  const struct opening o = {.at = AT_FDCWD, .path = path, .flags = TEMPORARY, .when = when};
  after_open(&o, fd);
  return fd;
}

#define DEFINE_TEMPORARY(name, parameters, arguments)         \
  EXPORT int name parameters {                                \
    const int64_t when = deja_recording() ? deja_now() : 0;   \
    return after_temporary(path, NEXT(name) arguments, when); \
  }
DEFINE_TEMPORARY(mkstemp, (char *path), (path))
DEFINE_TEMPORARY(mkstemp64, (char *path), (path))
DEFINE_TEMPORARY(mkostemp, (char *path, int flags), (path, flags))
DEFINE_TEMPORARY(mkostemp64, (char *path, int flags), (path, flags))
DEFINE_TEMPORARY(mkstemps, (char *path, int suffix), (path, suffix))
DEFINE_TEMPORARY(mkstemps64, (char *path, int suffix), (path, suffix))
DEFINE_TEMPORARY(mkostemps, (char *path, int suffix, int flags), (path, suffix, flags))
DEFINE_TEMPORARY(mkostemps64, (char *path, int suffix, int flags), (path, suffix, flags))

EXPORT char *mkdtemp(char *path) {
  char *made = NEXT(mkdtemp)(path);
  if (deja_recording())
    deja_write(&NOTE(.op = DEJA_OP_MKDIR, .flags = DEJA_OPEN_TEMPORARY, .path = path,
                     .error = made ? 0 : errno));
  return made;
}

/* tmpfile leaves no name behind: neither input nor output, so nothing is recorded. tempnam reads TMPDIR;
 * the files with its names are opened by calls that are recorded. */
EXPORT char *tempnam(const char *directory, const char *prefix) {
  deja_note_variable("TMPDIR");
  return NEXT(tempnam)(directory, prefix);
}

/* --- shared memory and semaphores: files below /dev/shm ------------------------------------------------ */

static void note_shared(const char *name, int flags, bool made) {
  char path[300] = "/dev/shm/";
  if (!deja_recording() || name == NULL) return;
  while (*name == '/') ++name;
  const size_t size = strlen(name);
  if (size > 255) return;
  memcpy(path + 9, name, size + 1);
  deja_write(&NOTE(.op = DEJA_OP_OPEN, .flags = open_flags(flags), .path = path,
                   .error = made ? 0 : errno));
}

int shm_open(const char *name, int flags, mode_t mode);
EXPORT int shm_open(const char *name, int flags, mode_t mode) {
  const int fd = NEXT(shm_open)(name, flags, mode);
  note_shared(name, flags, fd >= 0);
  return fd;
}

int shm_unlink(const char *name);
EXPORT int shm_unlink(const char *name) {
  const int result = NEXT(shm_unlink)(name);
  deja_write(&NOTE(.op = DEJA_OP_CONNECT, .path = "shm_unlink", .error = result ? errno : 0));
  return result;
}
