// SPDX-License-Identifier: Apache-2.0
/* syscall(): the same calls by number. A call that libc has a function for goes to our function; the others
 * are made, and recorded as the table of observed calls says. */
#include <dirent.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "observe.h"
#include "observed_calls.h"

ssize_t getdents64(int fd, void *buffer, size_t size);
int execveat(int at, const char *path, char *const argv[], char *const envp[], int flags);
int openat2(int at, const char *path, const void *how, size_t size);

struct call {
  long n, a, b, c, d, e, f;
};

static long forward(const struct call *k) {
  const long result = raw6(k->n, k->a, k->b, k->c, k->d, k->e, k->f);
  if (result < 0 && result > -4096) {
    errno = (int)-result;
    return -1;
  }
  return result;
}

#define TEXT(x) ((const char *)(x))
#define AT(x) ((int)(x))

/* Calls with a directory descriptor, which every architecture has. */
static bool call_at(const struct call *k, long *r) {
  switch (k->n) {
    case SYS_openat: *r = openat(AT(k->a), TEXT(k->b), AT(k->c), (mode_t)k->d); return true;
    case SYS_openat2:
      *r = openat2(AT(k->a), TEXT(k->b), (const void *)k->c, (size_t)k->d);
      return true;
    case SYS_newfstatat:
      *r = fstatat(AT(k->a), TEXT(k->b), (struct stat *)k->c, AT(k->d));
      return true;
    case SYS_statx:
      *r = statx(AT(k->a), TEXT(k->b), AT(k->c), (unsigned)k->d, (struct statx *)k->e);
      return true;
    case SYS_faccessat: *r = faccessat(AT(k->a), TEXT(k->b), AT(k->c), 0); return true;
    case SYS_faccessat2: *r = faccessat(AT(k->a), TEXT(k->b), AT(k->c), AT(k->d)); return true;
    case SYS_readlinkat:
      *r = readlinkat(AT(k->a), TEXT(k->b), (char *)k->c, (size_t)k->d);
      return true;
    case SYS_mkdirat: *r = mkdirat(AT(k->a), TEXT(k->b), (mode_t)k->c); return true;
    case SYS_mknodat: *r = mknodat(AT(k->a), TEXT(k->b), (mode_t)k->c, (dev_t)k->d); return true;
    case SYS_unlinkat: *r = unlinkat(AT(k->a), TEXT(k->b), AT(k->c)); return true;
    case SYS_renameat2:
      *r = renameat2(AT(k->a), TEXT(k->b), AT(k->c), TEXT(k->d), (unsigned)k->e);
      return true;
    case SYS_linkat: *r = linkat(AT(k->a), TEXT(k->b), AT(k->c), TEXT(k->d), AT(k->e)); return true;
    case SYS_symlinkat: *r = symlinkat(TEXT(k->a), AT(k->b), TEXT(k->c)); return true;
    case SYS_fchmodat: *r = fchmodat(AT(k->a), TEXT(k->b), (mode_t)k->c, 0); return true;
    case SYS_fchownat:
      *r = fchownat(AT(k->a), TEXT(k->b), (uid_t)k->c, (gid_t)k->d, AT(k->e));
      return true;
    case SYS_utimensat:
      *r = utimensat(AT(k->a), TEXT(k->b), (const struct timespec *)k->c, AT(k->d));
      return true;
    case SYS_execveat:
      *r = execveat(AT(k->a), TEXT(k->b), (char *const *)k->c, (char *const *)k->d, AT(k->e));
      return true;
    default: return false;
  }
}

/* Calls without one: x86-64 has them all, aarch64 few. */
static bool call_plain(const struct call *k, long *r) {
  switch (k->n) {
#ifdef SYS_open
    case SYS_open: *r = open(TEXT(k->a), AT(k->b), (mode_t)k->c); return true;
    case SYS_creat: *r = creat(TEXT(k->a), (mode_t)k->b); return true;
    case SYS_stat: *r = stat(TEXT(k->a), (struct stat *)k->b); return true;
    case SYS_lstat: *r = lstat(TEXT(k->a), (struct stat *)k->b); return true;
    case SYS_access: *r = access(TEXT(k->a), AT(k->b)); return true;
    case SYS_readlink: *r = readlink(TEXT(k->a), (char *)k->b, (size_t)k->c); return true;
    case SYS_mkdir: *r = mkdir(TEXT(k->a), (mode_t)k->b); return true;
    case SYS_rmdir: *r = rmdir(TEXT(k->a)); return true;
    case SYS_unlink: *r = unlink(TEXT(k->a)); return true;
    case SYS_rename: *r = rename(TEXT(k->a), TEXT(k->b)); return true;
    case SYS_link: *r = link(TEXT(k->a), TEXT(k->b)); return true;
    case SYS_symlink: *r = symlink(TEXT(k->a), TEXT(k->b)); return true;
    case SYS_chmod: *r = chmod(TEXT(k->a), (mode_t)k->b); return true;
    case SYS_chown: *r = chown(TEXT(k->a), (uid_t)k->b, (gid_t)k->c); return true;
    case SYS_lchown: *r = lchown(TEXT(k->a), (uid_t)k->b, (gid_t)k->c); return true;
    case SYS_mknod: *r = mknod(TEXT(k->a), (mode_t)k->b, (dev_t)k->c); return true;
    case SYS_utime: *r = utime(TEXT(k->a), (const struct utimbuf *)k->b); return true;
    case SYS_utimes: *r = utimes(TEXT(k->a), (const struct timeval *)k->b); return true;
    case SYS_futimesat:
      *r = futimesat(AT(k->a), TEXT(k->b), (const struct timeval *)k->c);
      return true;
    case SYS_time: *r = time((time_t *)k->a); return true;
    case SYS_getdents: deja_note_list_fd(AT(k->a)); return false;
#endif
    case SYS_renameat: *r = renameat(AT(k->a), TEXT(k->b), AT(k->c), TEXT(k->d)); return true;
    case SYS_chdir: *r = chdir(TEXT(k->a)); return true;
    case SYS_fchdir: *r = fchdir(AT(k->a)); return true;
    case SYS_truncate: *r = truncate(TEXT(k->a), k->b); return true;
    case SYS_flock: *r = flock(AT(k->a), AT(k->b)); return true;
    case SYS_fchmod: *r = fchmod(AT(k->a), (mode_t)k->b); return true;
    case SYS_fchown: *r = fchown(AT(k->a), (uid_t)k->b, (gid_t)k->c); return true;
    case SYS_getdents64: *r = getdents64(AT(k->a), (void *)k->b, (size_t)k->c); return true;
    case SYS_prctl: *r = prctl(AT(k->a), k->b, k->c, k->d, k->e); return true;
    case SYS_mlockall: *r = mlockall(AT(k->a)); return true;
    case SYS_execve: *r = execve(TEXT(k->a), (char *const *)k->b, (char *const *)k->c); return true;
    default: return false;
  }
}

/* Clocks, random numbers, the machine, others. */
static bool call_ambient(const struct call *k, long *r) {
  switch (k->n) {
    case SYS_clock_gettime:
      *r = clock_gettime((clockid_t)k->a, (struct timespec *)k->b);
      return true;
    case SYS_gettimeofday: *r = gettimeofday((struct timeval *)k->a, (void *)k->b); return true;
    case SYS_getrandom: *r = getrandom((void *)k->a, (size_t)k->b, (unsigned)k->c); return true;
    case SYS_uname: *r = uname((struct utsname *)k->a); return true;
    case SYS_getpid: *r = getpid(); return true;
    case SYS_connect:
      *r = connect(AT(k->a), (const struct sockaddr *)k->b, (socklen_t)k->c);
      return true;
    case SYS_bind: *r = bind(AT(k->a), (const struct sockaddr *)k->b, (socklen_t)k->c); return true;
    case SYS_sendto:
      *r = sendto(AT(k->a), (const void *)k->b, (size_t)k->c, AT(k->d),
                  (const struct sockaddr *)k->e, (socklen_t)k->f);
      return true;
    case SYS_sendmsg: *r = sendmsg(AT(k->a), (const struct msghdr *)k->b, AT(k->c)); return true;
    case SYS_sendmmsg:
      *r = sendmmsg(AT(k->a), (struct mmsghdr *)k->b, (unsigned)k->c, AT(k->d));
      return true;
    case SYS_getppid: deja_note_host("parent", 17); return false;
    case SYS_kill:
    case SYS_tgkill:
    case SYS_rt_sigqueueinfo:
      if (k->a != deja_pid()) deja_note_host("signal", 14);
      return false;
    case SYS_tkill:
    case SYS_pidfd_send_signal: deja_note_host("signal", 14); return false;
    case SYS_nanosleep:
    case SYS_clock_nanosleep: deja_note_host("pause", 18); return false;
    case SYS_utimensat:
      if (k->c) deja_note_host("times of files", 15);
      return false;
    case SYS_setxattr:
    case SYS_lsetxattr:
    case SYS_fsetxattr: deja_note_host("extended attributes", 16); return false;
    case SYS_getuid:
    case SYS_geteuid:
    case SYS_getgid:
    case SYS_getegid:
    case SYS_getresuid:
    case SYS_getresgid:
    case SYS_getgroups: deja_note_host("user", 7); return false;
    case SYS_sysinfo: deja_note_host("load", 4); return false;
    case SYS_getcpu:
    case SYS_sched_getaffinity: deja_note_host("cpus", 2); return false;
    default: return false;
  }
}

/* Where a call has its arguments, from the table; kind 0: it is not in the table. */
struct place {
  uint8_t kind;
  int8_t at, path, data;
  int fixed;
};

/* NOLINTBEGIN(bugprone-branch-clone): a case for each call */
static struct place place_of(long number) {
  switch (number) {
#define PLACE(call, kind, at, path, data, fixed, functions) \
  case SYS_##call: return (struct place){DEJA_CALL_##kind, at, path, data, fixed};
    DEJA_OBSERVED_CALLS(PLACE)
#undef PLACE
    default: return (struct place){DEJA_CALL_NONE, -1, -1, -1, 0};
  }
}
/* NOLINTEND(bugprone-branch-clone) */

/* Of a path, or of the descriptor's own file where there is none. */
static void note_change_of(int at, const char *path, int flags, int failed) {
  if (path && path[0])
    deja_note_change(at, path, flags, failed, 0);
  else
    deja_note_change_fd(at, failed);
}

/* A call that is no function above, has been made, and is recorded by its kind; `result` and errno are its
 * own. Of a kind that cannot be recorded from here the log says that something is missing. */
static void note_after(const struct call *k, long result) {
  const struct place place = place_of(k->n);
  const long arguments[] = {k->a, k->b, k->c, k->d, k->e, k->f};
  const int failed = result < 0 ? -1 : 0;
  const int at = place.at < 0 ? AT_FDCWD : AT(arguments[place.at]);
  const char *const path = place.path < 0 ? NULL : TEXT(arguments[place.path]);
  const int flags = place.data < 0 ? place.fixed : AT(arguments[place.data]);
  if (failed && errno == EFAULT) return;
  switch ((enum deja_call_kind)place.kind) {
    case DEJA_CALL_change: note_change_of(at, path, flags, failed); break;
    case DEJA_CALL_statfs: deja_note_host("filesystem", 8); /* fall through */
    case DEJA_CALL_stat:
      deja_note_stat(at, path, flags & AT_SYMLINK_NOFOLLOW ? DEJA_FLAG_NOFOLLOW : 0, failed, NULL,
                     0);
      break;
    case DEJA_CALL_NONE:
    case DEJA_CALL_socket:  /* its connect is recorded */
    case DEJA_CALL_list:    /* recorded before it was made */
    case DEJA_CALL_host:    /* likewise */
    case DEJA_CALL_sandbox: /* deja_after_confinement */
    case DEJA_CALL_confine: /* what it starts without the interposer does not report in */
    case DEJA_CALL_start: break;
    case DEJA_CALL_talk:
    case DEJA_CALL_hide:
      if (!failed) deja_lose(DEJA_LOST_KERNEL);
      break;
    case DEJA_CALL_open:
    case DEJA_CALL_openat2:
    case DEJA_CALL_creat:
    case DEJA_CALL_access:
    case DEJA_CALL_readlink:
    case DEJA_CALL_exec:
    case DEJA_CALL_mkdir:
    case DEJA_CALL_unlink:
    case DEJA_CALL_rename:
    case DEJA_CALL_link:
    case DEJA_CALL_symlink:
    case DEJA_CALL_chdir:
    case DEJA_CALL_lock:
    case DEJA_CALL_connect:
    case DEJA_CALL_clock: deja_lose(DEJA_LOST_UNKNOWN); break;
  }
}

static bool makes_process(long n) {
#ifdef SYS_fork
  if (n == SYS_fork || n == SYS_vfork) return true;
#endif
#ifdef SYS_clone3
  if (n == SYS_clone3) return true;
#endif
  return n == SYS_clone;
}

EXPORT long syscall(long number, ...) {
  va_list list;
  struct call k = {.n = number};
  long result = 0;
  va_start(list, number);
  k.a = va_arg(list, long);
  k.b = va_arg(list, long);
  k.c = va_arg(list, long);
  k.d = va_arg(list, long);
  k.e = va_arg(list, long);
  k.f = va_arg(list, long);
  va_end(list);
  if (!deja_recording()) {
    /* exec must continue the observation even if it cannot be recorded; see open_log() */
    if (number != SYS_execve && number != SYS_execveat) return forward(&k);
  }
  if (call_at(&k, &result) || call_plain(&k, &result) || call_ambient(&k, &result)) return result;
  /* Its child continues in this frame, with memory that may be ours, and writes absolute paths. */
  if (makes_process(number)) __atomic_store_n(&deja_state.shares_memory, 1, __ATOMIC_RELAXED);
  if (number == SYS_exit_group) _exit((int)k.a);
  result = forward(&k);
  note_after(&k, result);
  if (result >= 0) deja_after_confinement(number, (unsigned long)k.a, (unsigned long)k.b);
  if (result >= 0 && number > DEJA_NEWEST_CALL) deja_lose(DEJA_LOST_UNKNOWN);
  return result;
}
