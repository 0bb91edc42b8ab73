// SPDX-License-Identifier: Apache-2.0
/* syscall(): the same calls by number. A call for which libc has a wrapper goes to our wrapper. */
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

ssize_t getdents64(int fd, void *buffer, size_t size);
int execveat(int at, const char *path, char *const argv[], char *const envp[], int flags);
int openat2(int at, const char *path, const void *how, size_t size);

/* This file covers the system calls up to this number (Linux 6.18: file_setattr). */
#define NEWEST_KNOWN 469

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
#ifdef SYS_faccessat2
    case SYS_faccessat2: *r = faccessat(AT(k->a), TEXT(k->b), AT(k->c), AT(k->d)); return true;
#endif
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
#ifdef SYS_renameat
    case SYS_renameat: *r = renameat(AT(k->a), TEXT(k->b), AT(k->c), TEXT(k->d)); return true;
#endif
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
    case SYS_getppid:
    case SYS_gettid: deja_note_host("pid", 6); return false;
    case SYS_getuid:
    case SYS_geteuid:
    case SYS_getgid:
    case SYS_getegid: deja_note_host("user", 7); return false;
    case SYS_sysinfo: deja_note_host("load", 4); return false;
    case SYS_sched_getaffinity: deja_note_host("cpus", 2); return false;
    default: return false;
  }
}

/* Numbers that are the same everywhere and newer than the headers this is built with. */
enum {
  NEW_PIDFD_GETFD = 438,
  NEW_MOUNT_SETATTR = 442,
  NEW_FCHMODAT2 = 452,
  NEW_SETXATTRAT = 463,
  NEW_GETXATTRAT = 464,
  NEW_LISTXATTRAT = 465,
  NEW_REMOVEXATTRAT = 466,
  NEW_FILE_GETATTR = 468,
  NEW_FILE_SETATTR = 469
};

/* A path relative to a descriptor, or none: then the descriptor's own file is meant. */
static void note_change_at(const struct call *k, int flags, int failed) {
  if (TEXT(k->b) && TEXT(k->b)[0])
    deja_note_change(AT(k->a), TEXT(k->b), flags, failed, 0);
  else
    deja_note_change_fd(AT(k->a), failed);
}

static void note_look_at(const struct call *k, int flags, int failed) {
  deja_note_stat(AT(k->a), TEXT(k->b), flags & AT_SYMLINK_NOFOLLOW ? DEJA_FLAG_NOFOLLOW : 0, failed,
                 NULL, 0);
}

/* Calls that are made first and recorded afterwards; `result` and errno are theirs. */
static void note_after(const struct call *k, long result) {
  const int failed = result < 0 ? -1 : 0;
  if (failed && errno == EFAULT) return;
  switch (k->n) {
    case NEW_FCHMODAT2: note_change_at(k, AT(k->d), failed); break;
    case NEW_SETXATTRAT:
    case NEW_REMOVEXATTRAT: note_change_at(k, AT(k->c), failed); break;
    case NEW_FILE_SETATTR: note_change_at(k, AT(k->e), failed); break;
    case NEW_GETXATTRAT:
    case NEW_LISTXATTRAT: note_look_at(k, AT(k->c), failed); break;
    case NEW_FILE_GETATTR: note_look_at(k, AT(k->e), failed); break;
    case SYS_setxattr:
    case SYS_removexattr:
    case SYS_lsetxattr:
    case SYS_lremovexattr: deja_note_change(AT_FDCWD, TEXT(k->a), 0, failed, 0); break;
    case SYS_fsetxattr:
    case SYS_fremovexattr: deja_note_change_fd(AT(k->a), failed); break;
    case SYS_statfs:
    case SYS_getxattr:
    case SYS_lgetxattr:
    case SYS_listxattr:
    case SYS_llistxattr: deja_note_stat(AT_FDCWD, TEXT(k->a), 0, failed, NULL, 0); break;
    default: break;
  }
}

/* Calls after which names or memory mean something that a log of paths cannot express. */
static bool breaks_observation(const struct call *k) {
  switch (k->n) {
    case SYS_io_uring_setup:
    case SYS_mount:
    case SYS_umount2:
    case SYS_pivot_root:
    case SYS_chroot:
    case SYS_setns:
    case SYS_unshare:
    case SYS_open_by_handle_at:
    case SYS_move_mount:
    case SYS_open_tree:
    case SYS_fsopen:
    case SYS_fspick:
    case SYS_ptrace:
    case SYS_process_vm_readv:
    case SYS_process_vm_writev:
    case NEW_PIDFD_GETFD:
    case NEW_MOUNT_SETATTR:
    case SYS_userfaultfd:
    case SYS_add_key:
    case SYS_request_key:
    case SYS_keyctl:
    case SYS_mq_open:
    case SYS_shmget:
    case SYS_msgget:
    case SYS_semget: return true;
    default: return false;
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
  if (result >= 0 && breaks_observation(&k)) deja_lose(DEJA_LOST_KERNEL);
  if (result >= 0 && number > NEWEST_KNOWN) deja_lose(DEJA_LOST_UNKNOWN);
  return result;
}
