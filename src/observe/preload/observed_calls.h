// SPDX-License-Identifier: Apache-2.0
/* The one table of what is observed: system calls, and functions of libc. It is used by
 *
 *   - syscall.c: a call by number that has no function there is recorded by its kind and its arguments;
 *   - supervise/calls.cc: the kernel's filter, and where the supervisor finds a call's arguments;
 *   - coverage_test.cc: the interposer has each function that is named here, and no other; each call of the
 *     kernel is here or is ignored for a reason (testing/ignored_calls.cc); each call with a path leaves a
 *     record of it in the interposer and in the supervisor.
 *
 * X(call, kind, at, path, data, fixed, functions)
 *   kind       what the call does, and so how it is recorded: DEJA_CALL_KINDS
 *   at         index of the argument that the path is relative to; without a path, of the descriptor
 *   path       index of the path
 *   data       index of the argument that the kind's comment names
 *   fixed      used instead of data
 *   functions  of libc that make this call. Those of a kind stand at its first call.
 * -1: there is none. */
#pragma once

#include <fcntl.h>
#include <sys/syscall.h>

/* Numbers that are the same everywhere and newer than the headers this may be built with. */
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_statmount
#define SYS_statmount 457
#define SYS_listmount 458
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_removexattrat 466
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#ifndef SYS_file_getattr
#define SYS_file_getattr 468
#define SYS_file_setattr 469
#endif

/* The table covers the system calls up to this number (Linux 6.18: file_setattr). A newer one could do
 * anything, so the log of a run that makes one cannot be used. */
#define DEJA_NEWEST_CALL 469

/* clang-format off */
#define DEJA_CALL_KINDS(X)                                                                              \
  X(open)     /* data: the flags; the mode follows */                                                   \
  X(openat2)  /* data: struct open_how */                                                               \
  X(creat)    /* data: the mode */                                                                      \
  X(stat)     /* data: AT_ flags, when there are any */                                                 \
  X(access)   /* data: the mode (R_OK ...) */                                                           \
  X(readlink)                                                                                           \
  X(statfs)                                                                                             \
  X(exec)     /* data: AT_ flags, when there are any */                                                 \
  X(change)   /* data: AT_ flags, when there are any; no path: of the descriptor */                     \
  X(mkdir)    /* data: the mode */                                                                      \
  X(unlink)   /* data: AT_ flags, when there are any */                                                 \
  X(rename)   /* data: RENAME_ flags, when there are any; the new name follows the old */               \
  X(link)     /* data: AT_ flags, when there are any; the new name follows the old */                   \
  X(symlink)  /* the text comes first */                                                                \
  X(chdir)                                                                                              \
  X(list)     /* of the descriptor */                                                                   \
  X(lock)     /* of the descriptor; data: LOCK_ flags */                                                \
  X(connect)  /* data: the address; its size follows */                                                 \
  X(socket)   /* to another machine or to the kernel; the interposer records the connect */             \
  X(talk)     /* to another process */                                                                  \
  X(clock)    /* data: the clock's number, when there is one */                                         \
  X(host)     /* reads a property of the machine */                                                     \
  X(start)    /* the first call of libc in a new program; of the supervisor alone */                    \
  X(sandbox)  /* installs a seccomp filter of its own, or prepares for it */                            \
  X(confine)  /* restricts the rights of the process; the supervisor has other rights from here on */   \
  X(hide)     /* gives names or memory another meaning, or reads what a log of paths cannot express */

#define DEJA_OBSERVED_CALLS(X)                                                                                   \
  /* the clock first: the supervisor's filter compares from the top */                                  \
  X(clock_gettime, clock, -1, -1, 0, 0, "clock_gettime __clock_gettime timespec_get")                   \
  X(gettimeofday, clock, -1, -1, -1, 0, "gettimeofday ftime time")                                      \
  X(openat, open, 0, 1, 2, 0,                                                                           \
    "open open64 __open __open64 __open_2 __open64_2 openat openat64 __openat_2 __openat64_2 "          \
    "creat creat64 fopen fopen64 _IO_fopen freopen freopen64 shm_open setmntent __setmntent "           \
    "mkstemp mkstemp64 mkstemps mkstemps64 mkostemp mkostemp64 mkostemps mkostemps64 tempnam")          \
  X(openat2, openat2, 0, 1, 2, 0, "openat2")                                                            \
  X(newfstatat, stat, 0, 1, 3, 0,                                                                       \
    "stat stat64 lstat lstat64 fstatat fstatat64 __xstat __xstat64 __lxstat __lxstat64 __fxstatat "     \
    "__fxstatat64 pathconf")                                                                            \
  X(statx, stat, 0, 1, 2, 0, "statx")                                                                   \
  X(faccessat, access, 0, 1, 2, 0, "access eaccess euidaccess faccessat")                               \
  X(faccessat2, access, 0, 1, 2, 0, "")                                                                 \
  X(readlinkat, readlink, 0, 1, -1, 0,                                                                  \
    "readlink readlinkat __readlink_chk __readlinkat_chk "                                              \
    "realpath __realpath_chk canonicalize_file_name")                                                   \
  X(getxattr, stat, -1, 0, -1, 0, "getxattr")                                                           \
  X(lgetxattr, stat, -1, 0, -1, AT_SYMLINK_NOFOLLOW, "lgetxattr")                                       \
  X(listxattr, stat, -1, 0, -1, 0, "listxattr")                                                         \
  X(llistxattr, stat, -1, 0, -1, AT_SYMLINK_NOFOLLOW, "llistxattr")                                     \
  X(getxattrat, stat, 0, 1, 2, 0, "")                                                                   \
  X(listxattrat, stat, 0, 1, 2, 0, "")                                                                  \
  X(file_getattr, stat, 0, 1, 4, 0, "")                                                                 \
  X(statfs, statfs, -1, 0, -1, 0, "statfs statfs64 statvfs statvfs64")                                  \
  X(execve, exec, -1, 0, -1, 0, "execl execle execlp execv execve execvp execvpe")                      \
  X(execveat, exec, 0, 1, 4, 0, "execveat fexecve")                                                     \
  X(mkdirat, mkdir, 0, 1, 2, 0, "mkdir mkdirat mkdtemp")                                                \
  X(unlinkat, unlink, 0, 1, 2, 0, "unlink unlinkat rmdir remove shm_unlink")                            \
  X(renameat, rename, 0, 1, -1, 0, "rename renameat")                                                   \
  X(renameat2, rename, 0, 1, 4, 0, "renameat2")                                                         \
  X(linkat, link, 0, 1, 4, 0, "link linkat")                                                            \
  X(symlinkat, symlink, 1, 2, -1, 0, "symlink symlinkat")                                               \
  X(mknodat, change, 0, 1, -1, 0, "mknod mknodat mkfifo mkfifoat __xmknod __xmknodat")                  \
  X(fchmod, change, 0, -1, -1, 0, "fchmod")                                                             \
  X(fchmodat, change, 0, 1, -1, 0, "chmod lchmod fchmodat")                                             \
  X(fchmodat2, change, 0, 1, 3, 0, "")                                                                  \
  X(fchown, change, 0, -1, -1, 0, "fchown")                                                             \
  X(fchownat, change, 0, 1, 4, 0, "chown lchown fchownat")                                              \
  X(utimensat, change, 0, 1, 3, 0, "utime utimes lutimes utimensat futimesat futimens futimes")         \
  X(truncate, change, -1, 0, -1, 0, "truncate truncate64")                                              \
  X(setxattr, change, -1, 0, -1, 0, "setxattr")                                                         \
  X(lsetxattr, change, -1, 0, -1, AT_SYMLINK_NOFOLLOW, "lsetxattr")                                     \
  X(fsetxattr, change, 0, -1, -1, 0, "fsetxattr")                                                       \
  X(setxattrat, change, 0, 1, 2, 0, "")                                                                 \
  X(removexattr, change, -1, 0, -1, 0, "removexattr")                                                   \
  X(lremovexattr, change, -1, 0, -1, AT_SYMLINK_NOFOLLOW, "lremovexattr")                               \
  X(fremovexattr, change, 0, -1, -1, 0, "fremovexattr")                                                 \
  X(removexattrat, change, 0, 1, 2, 0, "")                                                              \
  X(file_setattr, change, 0, 1, 4, 0, "")                                                               \
  X(chdir, chdir, -1, 0, -1, 0, "chdir fchdir")                                                         \
  X(getdents64, list, 0, -1, -1, 0,                                                                     \
    "opendir fdopendir getdents64 getdirentries getdirentries64 scandir scandir64 scandirat "           \
    "scandirat64 glob glob64 ftw ftw64 nftw nftw64 fts_open fts_read fts_children fts_close")           \
  X(flock, lock, 0, -1, 1, 0, "flock fcntl fcntl64")                                                    \
  X(connect, connect, -1, -1, 1, 0, "connect __connect sendto sendmsg sendmmsg")                        \
  X(bind, connect, -1, -1, 1, 0, "bind")                                                                \
  X(socket, socket, -1, -1, -1, 0, "")                                                                  \
  X(shmget, talk, -1, -1, -1, 0, "shmget")                                                              \
  X(msgget, talk, -1, -1, -1, 0, "msgget")                                                              \
  X(semget, talk, -1, -1, -1, 0, "semget")                                                              \
  X(mq_open, talk, -1, -1, -1, 0, "mq_open sem_open")                                                   \
  X(uname, host, -1, -1, -1, 0,                                                                         \
    "uname gethostname __gethostname_chk getdomainname gethostid")                                      \
  X(sysinfo, host, -1, -1, -1, 0, "sysinfo getloadavg get_phys_pages get_avphys_pages")                 \
  DEJA_OLD_CALLS(X)                                                                                     \
  X(prctl, sandbox, -1, -1, -1, 0, "prctl")                                                             \
  X(seccomp, sandbox, -1, -1, -1, 0, "")                                                                \
  X(setuid, confine, -1, -1, -1, 0, "")                                                                 \
  X(setgid, confine, -1, -1, -1, 0, "")                                                                 \
  X(setreuid, confine, -1, -1, -1, 0, "")                                                               \
  X(setregid, confine, -1, -1, -1, 0, "")                                                               \
  X(setresuid, confine, -1, -1, -1, 0, "")                                                              \
  X(setresgid, confine, -1, -1, -1, 0, "")                                                              \
  X(setfsuid, confine, -1, -1, -1, 0, "")                                                               \
  X(setfsgid, confine, -1, -1, -1, 0, "")                                                               \
  X(setgroups, confine, -1, -1, -1, 0, "")                                                              \
  X(capset, confine, -1, -1, -1, 0, "")                                                                 \
  X(landlock_restrict_self, confine, -1, -1, -1, 0, "")                                                 \
  X(mount, hide, -1, -1, -1, 0, "mount")                                                                \
  X(umount2, hide, -1, -1, -1, 0, "umount umount2")                                                     \
  X(pivot_root, hide, -1, -1, -1, 0, "pivot_root")                                                      \
  X(chroot, hide, -1, -1, -1, 0, "chroot")                                                              \
  X(setns, hide, -1, -1, -1, 0, "setns")                                                                \
  X(unshare, hide, -1, -1, -1, 0, "unshare")                                                            \
  X(open_by_handle_at, hide, -1, -1, -1, 0, "open_by_handle_at")                                        \
  X(move_mount, hide, -1, -1, -1, 0, "move_mount")                                                      \
  X(open_tree, hide, -1, -1, -1, 0, "open_tree")                                                        \
  X(open_tree_attr, hide, -1, -1, -1, 0, "")                                                            \
  X(fsopen, hide, -1, -1, -1, 0, "fsopen")                                                              \
  X(fspick, hide, -1, -1, -1, 0, "fspick")                                                              \
  X(mount_setattr, hide, -1, -1, -1, 0, "mount_setattr")                                                \
  X(statmount, hide, -1, -1, -1, 0, "")                                                                 \
  X(listmount, hide, -1, -1, -1, 0, "")                                                                 \
  X(ptrace, hide, -1, -1, -1, 0, "")                                                                    \
  X(process_vm_readv, hide, -1, -1, -1, 0, "process_vm_readv")                                          \
  X(process_vm_writev, hide, -1, -1, -1, 0, "")                                                         \
  X(pidfd_getfd, hide, -1, -1, -1, 0, "pidfd_getfd")                                                    \
  X(io_uring_setup, hide, -1, -1, -1, 0, "")                                                            \
  X(userfaultfd, hide, -1, -1, -1, 0, "")                                                               \
  X(add_key, hide, -1, -1, -1, 0, "")                                                                   \
  X(request_key, hide, -1, -1, -1, 0, "")                                                               \
  X(keyctl, hide, -1, -1, -1, 0, "")

/* x86-64 has all of these, newer architectures few. */
#ifdef SYS_open
#define DEJA_OLD_CALLS(X)                                                                               \
  X(open, open, -1, 0, 1, 0, "")                                                                        \
  X(creat, creat, -1, 0, 1, 0, "")                                                                      \
  X(stat, stat, -1, 0, -1, 0, "")                                                                       \
  X(lstat, stat, -1, 0, -1, AT_SYMLINK_NOFOLLOW, "")                                                    \
  X(access, access, -1, 0, 1, 0, "")                                                                    \
  X(readlink, readlink, -1, 0, -1, 0, "")                                                               \
  X(mkdir, mkdir, -1, 0, 1, 0, "")                                                                      \
  X(rmdir, unlink, -1, 0, -1, AT_REMOVEDIR, "")                                                         \
  X(unlink, unlink, -1, 0, -1, 0, "")                                                                   \
  X(rename, rename, -1, 0, -1, 0, "")                                                                   \
  X(link, link, -1, 0, -1, 0, "")                                                                       \
  X(symlink, symlink, -1, 1, -1, 0, "")                                                                 \
  X(mknod, change, -1, 0, -1, 0, "")                                                                    \
  X(chmod, change, -1, 0, -1, 0, "")                                                                    \
  X(chown, change, -1, 0, -1, 0, "")                                                                    \
  X(lchown, change, -1, 0, -1, AT_SYMLINK_NOFOLLOW, "")                                                 \
  X(utime, change, -1, 0, -1, 0, "")                                                                    \
  X(utimes, change, -1, 0, -1, 0, "")                                                                   \
  X(futimesat, change, 0, 1, -1, 0, "")                                                                 \
  X(getdents, list, 0, -1, -1, 0, "")                                                                   \
  X(time, clock, -1, -1, -1, 0, "")
#else
#define DEJA_OLD_CALLS(X)
#endif

/* What the interposer alone records. X(what, why the supervisor does not, system calls, functions) */
#define DEJA_INTERPOSER_ALONE(X)                                                                        \
  X("random numbers", "for readers of the log: no rule depends on it",                                  \
    "getrandom", "getrandom getentropy arc4random arc4random_buf arc4random_uniform")                   \
  X("process ids", "each program asks at its start, for itself",                                        \
    "getpid getppid", "getpid getppid")                                                                 \
  X("pauses", "they count for commands of a build alone, and those run under the interposer",           \
    "nanosleep clock_nanosleep", "sleep usleep nanosleep __nanosleep clock_nanosleep")                  \
  X("the user", "the supervisor runs as the same user, who is part of the environment",                 \
    "getuid geteuid getgid getegid getresuid getresgid getgroups",                                      \
    "getuid geteuid getgid getegid getresuid getresgid getgroups getlogin getlogin_r")                  \
  X("signals", "they count for commands of a build alone, and those run under the interposer",          \
    "kill tgkill tkill rt_sigqueueinfo pidfd_send_signal",                                              \
    "kill killpg sigqueue pidfd_send_signal tgkill")                                                    \
  X("processors", "each Go program asks at its start, for itself",                                      \
    "sched_getaffinity getcpu",                                                                         \
    "sched_getaffinity pthread_getaffinity_np sched_getcpu get_nprocs get_nprocs_conf")                 \
  X("messages", "a socket that could send them is recorded",                                            \
    "sendto sendmsg sendmmsg", "")                                                                      \
  X("locked memory", "it has nothing mapped in the program",                                            \
    "mlockall", "mlockall")                                                                             \
  X("standard input, and the end of writing", "the client compares what is left; inotify",              \
    "read readv close dup dup2 dup3 fcntl",                                                             \
    "read readv __read __read_chk close fclose dup dup2 dup3")                                          \
  X("the working directory by descriptor", "it reads the kernel's own link",                            \
    "fchdir", "")                                                                                       \
  X("new processes", "the kernel's filter is inherited; each reports in with its first call",           \
    "fork vfork clone clone3 exit_group",                                                               \
    "fork _Fork __fork __libc_fork vfork __vfork clone __clone forkpty daemon popen _IO_popen pclose "  \
    "system posix_spawn posix_spawnp pidfd_spawn pidfd_spawnp _exit _Exit wordexp "                     \
    "posix_spawn_file_actions_addopen posix_spawn_file_actions_addchdir "                               \
    "posix_spawn_file_actions_addchdir_np posix_spawn_file_actions_addfchdir "                          \
    "posix_spawn_file_actions_addfchdir_np")                                                            \
  X("calls by number", "it sees the calls", "", "syscall")                                              \
  X("libraries", "it sees the loader's own calls", "", "dlopen dlmopen dlclose")                        \
  X("variables", "invisible: the whole environment counts", "",                                         \
    "getenv secure_getenv __secure_getenv getopt getopt_long getopt_long_only getauxval sysconf "       \
    "__sysconf")                                                                                        \
  X("locale and zone", "it sees the files that libc opens", "",                                         \
    "setlocale newlocale __newlocale bindtextdomain catopen iconv_open localtime localtime_r "          \
    "ctime ctime_r mktime strftime strftime_l __strftime_l wcsftime wcsftime_l __wcsftime_l tzset")                   \
  X("tables of users, hosts and services", "it sees the files and sockets that libc opens", "",         \
    "getpwnam getpwuid getpwent getpwnam_r getpwuid_r getpwent_r getspnam getspent getspnam_r "         \
    "getgrnam getgrgid getgrent getgrnam_r getgrgid_r getgrent_r initgroups getgrouplist "              \
    "getaddrinfo getnameinfo gethostbyname gethostbyname2 gethostbyaddr gethostbyname_r "               \
    "gethostbyname2_r gethostbyaddr_r getnetbyaddr_r getnetbyname_r getprotobyname "                    \
    "getprotobyname_r getprotobynumber_r getservbyname getservbyname_r getservbyport "                  \
    "getservbyport_r getifaddrs if_nameindex if_nametoindex res_query res_search res_nquery "           \
    "res_nsearch __res_query __res_search __res_nquery __res_nsearch")
/* clang-format on */

#define DEJA_CALL_KIND(kind) DEJA_CALL_##kind,
enum deja_call_kind { DEJA_CALL_NONE, DEJA_CALL_KINDS(DEJA_CALL_KIND) };
#undef DEJA_CALL_KIND
