// SPDX-License-Identifier: Apache-2.0
/* Reading directories, walking trees, and the working directory. */
#include <dirent.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "observe.h"

static void note_list(int at, const char *path, bool found, int64_t when) {
  struct deja_log_identity identity;
  if (!deja_recording()) return;
  const bool known = found && deja_identity_at(at, path, 0, &identity) == 0;
  deja_write(&NOTE(.op = DEJA_OP_LIST, .error = found ? 0 : errno, .at = at, .path = path,
                   .when = when, .once = true, .identity = known ? &identity : NULL));
}

void deja_note_list_fd(int fd) {
  char path[4096];
  struct deja_log_identity identity;
  if (!deja_recording()) return;
  const int saved = errno;
  const size_t size = deja_path_of(fd, path, sizeof path - 1);
  path[size] = '\0';
  if (size == 0) deja_lose(DEJA_LOST_PATH);
  const bool known = deja_identity_fd(fd, &identity);
  errno = saved;
  deja_write(
      &NOTE(.op = DEJA_OP_LIST, .path = path, .once = true, .identity = known ? &identity : NULL));
}

EXPORT DIR *opendir(const char *path) {
  const int64_t when = deja_recording() ? deja_now() : 0;
  DIR *directory = NEXT(opendir)(path);
  if (directory == NULL) {
    note_list(AT_FDCWD, path, false, when);
    return NULL;
  }
  struct deja_log_identity identity;
  const bool known = deja_recording() && deja_identity_fd(dirfd(directory), &identity);
  deja_write(&NOTE(.op = DEJA_OP_LIST, .path = path, .when = when, .once = true,
                   .identity = known ? &identity : NULL));
  return directory;
}

EXPORT DIR *fdopendir(int fd) {
  DIR *directory = NEXT(fdopendir)(fd);
  if (directory) deja_note_list_fd(fd);
  return directory;
}

ssize_t getdents64(int fd, void *buffer, size_t size);
EXPORT ssize_t getdents64(int fd, void *buffer, size_t size) {
  const ssize_t got = NEXT(getdents64)(fd, buffer, size);
  if (got >= 0) deja_note_list_fd(fd);
  return got;
}

#define DEFINE_GETDIRENTRIES(name)                                                            \
  ssize_t name(int fd, char *restrict buffer, size_t size, __off64_t *restrict base);         \
  EXPORT ssize_t name(int fd, char *restrict buffer, size_t size, __off64_t *restrict base) { \
    const ssize_t got = NEXT(name)(fd, buffer, size, base);                                   \
    if (got >= 0) deja_note_list_fd(fd);                                                      \
    return got;                                                                               \
  }
DEFINE_GETDIRENTRIES(getdirentries)
DEFINE_GETDIRENTRIES(getdirentries64)

#define DEFINE_SCANDIR(name, type, where, parameters, arguments) \
  EXPORT int name parameters {                                   \
    const int64_t when = deja_recording() ? deja_now() : 0;      \
    const int count = NEXT(name) arguments;                      \
    note_list(where, path, count >= 0, when);                    \
    return count;                                                \
  }
DEFINE_SCANDIR(scandir, dirent, AT_FDCWD,
               (const char *restrict path, struct dirent ***restrict list,
                int (*select)(const struct dirent *),
                int (*compare)(const struct dirent **, const struct dirent **)),
               (path, list, select, compare))
DEFINE_SCANDIR(scandir64, dirent64, AT_FDCWD,
               (const char *restrict path, struct dirent64 ***restrict list,
                int (*select)(const struct dirent64 *),
                int (*compare)(const struct dirent64 **, const struct dirent64 **)),
               (path, list, select, compare))
DEFINE_SCANDIR(scandirat, dirent, at,
               (int at, const char *restrict path, struct dirent ***restrict list,
                int (*select)(const struct dirent *),
                int (*compare)(const struct dirent **, const struct dirent **)),
               (at, path, list, select, compare))
DEFINE_SCANDIR(scandirat64, dirent64, at,
               (int at, const char *restrict path, struct dirent64 ***restrict list,
                int (*select)(const struct dirent64 *),
                int (*compare)(const struct dirent64 **, const struct dirent64 **)),
               (at, path, list, select, compare))

/* --- glob: libc accepts functions for reading directories, so it gets the interposed ones ---------- */

static void *glob_opendir(const char *path) { return opendir(path); }
static struct dirent *glob_readdir(void *directory) { return readdir(directory); }
static void glob_closedir(void *directory) { closedir(directory); }
static int glob_lstat(const char *restrict path, struct stat *restrict st) {
  return lstat(path, st);
}
static int glob_stat(const char *restrict path, struct stat *restrict st) { return stat(path, st); }

_Static_assert(sizeof(glob_t) == sizeof(glob64_t), "one layout");

/* The expansion of "~" depends on HOME or the user table. */
#define DEFINE_GLOB(name, type)                                                              \
  EXPORT int name(const char *restrict pattern, int flags, int (*failed)(const char *, int), \
                  type *restrict out) {                                                      \
    if (!deja_recording() || (flags & GLOB_ALTDIRFUNC))                                      \
      return NEXT(name)(pattern, flags, failed, out);                                        \
    if (flags & (GLOB_TILDE | GLOB_TILDE_CHECK)) {                                           \
      deja_note_variable("HOME");                                                            \
      deja_note_host("users", 9);                                                            \
    }                                                                                        \
    glob_t *looking = (glob_t *)(void *)out;                                                 \
    const glob_t kept = *looking;                                                            \
    looking->gl_opendir = glob_opendir;                                                      \
    looking->gl_readdir = glob_readdir;                                                      \
    looking->gl_closedir = glob_closedir;                                                    \
    looking->gl_lstat = glob_lstat;                                                          \
    looking->gl_stat = glob_stat;                                                            \
    const int result = NEXT(name)(pattern, flags | GLOB_ALTDIRFUNC, failed, out);            \
    looking->gl_opendir = kept.gl_opendir;                                                   \
    looking->gl_readdir = kept.gl_readdir;                                                   \
    looking->gl_closedir = kept.gl_closedir;                                                 \
    looking->gl_lstat = kept.gl_lstat;                                                       \
    looking->gl_stat = kept.gl_stat;                                                         \
    looking->gl_flags &= ~GLOB_ALTDIRFUNC;                                                   \
    return result;                                                                           \
  }
DEFINE_GLOB(glob, glob_t)
DEFINE_GLOB(glob64, glob64_t)

/* --- the working directory --------------------------------------------------------------------------- */

/* Records the directory that relative paths start from. A vfork child's paths are written as absolute
 * ones, and its parent's directory stays. */
static void note_cwd(void) {
  char path[4096];
  if (!deja_recording()) return;
  const int saved = errno;
  const size_t size = deja_directory_of(AT_FDCWD, path, sizeof path - 1);
  path[size] = '\0';
  if (size == 0) deja_lose(DEJA_LOST_PATH);
  if (!deja_is_vfork_child()) __atomic_fetch_add(&deja_state.cwd_generation, 1, __ATOMIC_RELAXED);
  errno = saved;
  deja_write(&NOTE(.op = DEJA_OP_CHDIR, .path = path));
}

EXPORT int chdir(const char *path) {
  if (deja_recording()) {
    /* Taken before the call: afterwards a relative name would mean another directory. */
    struct deja_log_identity identity;
    const int64_t when = deja_now();
    const int error = deja_identity_at(AT_FDCWD, path, 0, &identity);
    deja_write(&NOTE(.op = DEJA_OP_STAT, .path = path, .when = when, .once = true, .error = error,
                     .identity = error ? NULL : &identity));
  }
  const int result = NEXT(chdir)(path);
  if (result == 0) note_cwd();
  return result;
}

EXPORT int fchdir(int fd) {
  const int result = NEXT(fchdir)(fd);
  if (result == 0) note_cwd();
  return result;
}

/* --- ftw and nftw: recorded by their callbacks ---------------------------------------------------------- */

typedef int ftw_visit(const char *, const struct stat *, int);
typedef int nftw_visit(const char *, const struct stat *, int, struct FTW *);
/* The walk of this thread; a walk inside a callback saves the outer one in its frame. */
static __thread ftw_visit *visit_ftw __attribute__((tls_model("initial-exec")));
static __thread nftw_visit *visit_nftw __attribute__((tls_model("initial-exec")));
static __thread int visit_flags __attribute__((tls_model("initial-exec")));

static void note_visit(const char *path, const struct stat *st, int kind, int flags) {
  if (!deja_recording()) return;
  const bool base = flags & FTW_CHDIR;
  if (base) note_cwd();
  const char *name = path;
  if (base)
    for (const char *p = path; *p; ++p)
      if (*p == '/' && p[1]) name = p + 1;
  if (kind == FTW_D || kind == FTW_DP || kind == FTW_DNR)
    note_list(AT_FDCWD, name, kind != FTW_DNR, 0);
  else
    deja_note_stat(AT_FDCWD, name, flags & FTW_PHYS ? DEJA_FLAG_NOFOLLOW : 0, 0, st, 0);
}

static int on_ftw(const char *path, const struct stat *st, int kind) {
  note_visit(path, st, kind, 0);
  return visit_ftw(path, st, kind);
}
static int on_nftw(const char *path, const struct stat *st, int kind, struct FTW *where) {
  note_visit(path, st, kind, visit_flags);
  return visit_nftw(path, st, kind, where);
}

#define DEFINE_FTW(name, callback)                                        \
  EXPORT int name(const char *path, callback visit, int depth) {          \
    if (!deja_recording()) return NEXT(name)(path, visit, depth);         \
    ftw_visit *const outer = visit_ftw;                                   \
    visit_ftw = (ftw_visit *)(void *)visit;                               \
    const int result = NEXT(name)(path, (callback)(void *)on_ftw, depth); \
    visit_ftw = outer;                                                    \
    if (result == -1) deja_note_stat(AT_FDCWD, path, 0, -1, NULL, 0);     \
    return result;                                                        \
  }
DEFINE_FTW(ftw, __ftw_func_t)
DEFINE_FTW(ftw64, __ftw64_func_t)

#define DEFINE_NFTW(name, callback)                                               \
  EXPORT int name(const char *path, callback visit, int depth, int flags) {       \
    if (!deja_recording()) return NEXT(name)(path, visit, depth, flags);          \
    nftw_visit *const outer = visit_nftw;                                         \
    const int outer_flags = visit_flags;                                          \
    visit_nftw = (nftw_visit *)(void *)visit;                                     \
    visit_flags = flags;                                                          \
    const int result = NEXT(name)(path, (callback)(void *)on_nftw, depth, flags); \
    visit_nftw = outer;                                                           \
    visit_flags = outer_flags;                                                    \
    if (flags & FTW_CHDIR) note_cwd();                                            \
    if (result == -1) deja_note_stat(AT_FDCWD, path, 0, -1, NULL, 0);             \
    return result;                                                                \
  }
DEFINE_NFTW(nftw, __nftw_func_t)
DEFINE_NFTW(nftw64, __nftw64_func_t)

/* --- fts: it changes the working directory between two calls, unless told otherwise ----------------------- */

static FTSENT *note_fts(FTS *fts, FTSENT *entry) {
  if (!deja_recording()) return entry;
  if (!(fts->fts_options & FTS_NOCHDIR)) note_cwd();
  if (entry == NULL) return entry;
  const bool listed = entry->fts_info == FTS_D || entry->fts_info == FTS_DP ||
                      entry->fts_info == FTS_DNR || entry->fts_info == FTS_DC;
  const int saved = errno;
  if (listed) {
    errno = entry->fts_errno;
    note_list(AT_FDCWD, entry->fts_accpath, entry->fts_info != FTS_DNR, 0);
  } else {
    const bool failed = entry->fts_info == FTS_NS || entry->fts_info == FTS_ERR;
    errno = entry->fts_errno;
    deja_note_stat(AT_FDCWD, entry->fts_accpath, DEJA_FLAG_NOFOLLOW, failed ? -1 : 0, NULL, 0);
  }
  errno = saved;
  return entry;
}

EXPORT FTS *fts_open(char *const *paths, int options,
                     int (*compare)(const FTSENT **, const FTSENT **)) {
  FTS *fts = NEXT(fts_open)(paths, options, compare);
  const int64_t when = deja_recording() ? deja_now() : 0;
  for (char *const *p = paths; deja_recording() && fts && p && *p; ++p)
    deja_note_stat(AT_FDCWD, *p, 0, 0, NULL, when);
  return fts;
}
EXPORT FTSENT *fts_read(FTS *fts) { return note_fts(fts, NEXT(fts_read)(fts)); }
EXPORT FTSENT *fts_children(FTS *fts, int options) {
  FTSENT *first = NEXT(fts_children)(fts, options);
  if (deja_recording() && fts->fts_cur && fts->fts_cur->fts_accpath)
    note_list(AT_FDCWD, fts->fts_cur->fts_accpath, true, 0);
  return first;
}
EXPORT int fts_close(FTS *fts) {
  const int result = NEXT(fts_close)(fts);
  note_cwd();
  return result;
}
