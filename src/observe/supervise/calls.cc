// SPDX-License-Identifier: Apache-2.0
// The numbers that newer headers have are written as numbers, so that the supervisor knows calls of a kernel
// newer than the one it is built on.
#include "observe/supervise/calls.h"

#if defined(__x86_64__)
#include <asm/prctl.h>
#endif
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include <algorithm>
#include <iterator>

namespace deja::observe::supervise {
namespace {

constexpr std::uint32_t kNoFollow = AT_SYMLINK_NOFOLLOW;

// clock_gettime first: it is the most frequent, and the filter compares from the top.
constexpr Syscall kCalls[] = {
    {SYS_clock_gettime, SyscallKind::clock, -1, -1, 0, 0, {0, CLOCK_REALTIME}},
    {SYS_clock_gettime, SyscallKind::clock, -1, -1, 0, 0, {0, CLOCK_REALTIME_COARSE}},
    {SYS_clock_gettime, SyscallKind::clock, -1, -1, 0, 0, {0, CLOCK_REALTIME_ALARM}},
    {SYS_clock_gettime, SyscallKind::clock, -1, -1, 0, 0, {0, CLOCK_TAI}},
    {SYS_gettimeofday, SyscallKind::clock},
    {SYS_openat, SyscallKind::open, 0, 1, 2},
    {SYS_openat2, SyscallKind::openat2, 0, 1, 2},
    {SYS_newfstatat, SyscallKind::stat, 0, 1, 3},
    {SYS_statx, SyscallKind::stat, 0, 1, 2},
    {SYS_faccessat, SyscallKind::access, 0, 1, 2},
    {SYS_faccessat2, SyscallKind::access, 0, 1, 2},
    {SYS_readlinkat, SyscallKind::readlink, 0, 1},
    {SYS_getxattr, SyscallKind::stat, -1, 0},
    {SYS_lgetxattr, SyscallKind::stat, -1, 0, -1, kNoFollow},
    {SYS_listxattr, SyscallKind::stat, -1, 0},
    {SYS_llistxattr, SyscallKind::stat, -1, 0, -1, kNoFollow},
    {SYS_statfs, SyscallKind::statfs, -1, 0},
    {SYS_execve, SyscallKind::exec, -1, 0},
    {SYS_execveat, SyscallKind::exec, 0, 1, 4},
    {SYS_mkdirat, SyscallKind::mkdir, 0, 1, 2},
    {SYS_unlinkat, SyscallKind::unlink, 0, 1, 2},
    {SYS_renameat, SyscallKind::rename, 0, 1},
    {SYS_renameat2, SyscallKind::rename, 0, 1, 4},
    {SYS_linkat, SyscallKind::link, 0, 1, 4},
    {SYS_symlinkat, SyscallKind::symlink, 1, 2},
    {SYS_mknodat, SyscallKind::change, 0, 1},
    {SYS_fchmod, SyscallKind::change, 0},
    {SYS_fchmodat, SyscallKind::change, 0, 1},
    {452 /* fchmodat2 */, SyscallKind::change, 0, 1, 3},
    {SYS_fchown, SyscallKind::change, 0},
    {SYS_fchownat, SyscallKind::change, 0, 1, 4},
    {SYS_utimensat, SyscallKind::change, 0, 1, 3},
    {SYS_truncate, SyscallKind::change, -1, 0},
    {SYS_setxattr, SyscallKind::change, -1, 0},
    {SYS_lsetxattr, SyscallKind::change, -1, 0, -1, kNoFollow},
    {SYS_fsetxattr, SyscallKind::change, 0},
    {SYS_removexattr, SyscallKind::change, -1, 0},
    {SYS_lremovexattr, SyscallKind::change, -1, 0, -1, kNoFollow},
    {SYS_fremovexattr, SyscallKind::change, 0},
    {463 /* setxattrat */, SyscallKind::change, 0, 1, 2},
    {466 /* removexattrat */, SyscallKind::change, 0, 1, 2},
    {464 /* getxattrat */, SyscallKind::stat, 0, 1, 2},
    {465 /* listxattrat */, SyscallKind::stat, 0, 1, 2},
    {468 /* file_getattr */, SyscallKind::stat, 0, 1, 4},
    {469 /* file_setattr */, SyscallKind::change, 0, 1, 4},
    {SYS_chdir, SyscallKind::chdir, -1, 0},
    {SYS_getdents64, SyscallKind::list, 0},
    {SYS_flock, SyscallKind::lock, 0, -1, 1},
    {SYS_connect, SyscallKind::connect, -1, -1, 1},
    {SYS_bind, SyscallKind::connect, -1, -1, 1},
    {SYS_socket, SyscallKind::talk, -1, -1, -1, 0, {0, AF_UNIX, true}},
    {SYS_shmget, SyscallKind::talk},
    {SYS_msgget, SyscallKind::talk},
    {SYS_semget, SyscallKind::talk},
    {SYS_mq_open, SyscallKind::talk},
    {SYS_uname, SyscallKind::host},
    {SYS_sysinfo, SyscallKind::host},
#ifdef SYS_open  // x86-64 has all of these, newer architectures few
    {SYS_open, SyscallKind::open, -1, 0, 1},
    {SYS_creat, SyscallKind::creat, -1, 0, 1},
    {SYS_stat, SyscallKind::stat, -1, 0},
    {SYS_lstat, SyscallKind::stat, -1, 0, -1, kNoFollow},
    {SYS_access, SyscallKind::access, -1, 0, 1},
    {SYS_readlink, SyscallKind::readlink, -1, 0},
    {SYS_mkdir, SyscallKind::mkdir, -1, 0, 1},
    {SYS_rmdir, SyscallKind::unlink, -1, 0, -1, AT_REMOVEDIR},
    {SYS_unlink, SyscallKind::unlink, -1, 0},
    {SYS_rename, SyscallKind::rename, -1, 0},
    {SYS_link, SyscallKind::link, -1, 0},
    {SYS_symlink, SyscallKind::symlink, -1, 1},
    {SYS_mknod, SyscallKind::change, -1, 0},
    {SYS_chmod, SyscallKind::change, -1, 0},
    {SYS_chown, SyscallKind::change, -1, 0},
    {SYS_lchown, SyscallKind::change, -1, 0, -1, kNoFollow},
    {SYS_utime, SyscallKind::change, -1, 0},
    {SYS_utimes, SyscallKind::change, -1, 0},
    {SYS_futimesat, SyscallKind::change, 0, 1},
    {SYS_getdents, SyscallKind::list, 0},
    {SYS_time, SyscallKind::clock},
    {SYS_arch_prctl, SyscallKind::start, -1, -1, -1, 0, {0, ARCH_SET_FS}},
#else
    {SYS_set_tid_address, SyscallKind::start},
#endif
    {SYS_prctl, SyscallKind::sandbox, -1, -1, -1, 0, {0, PR_SET_SECCOMP}},
    {SYS_prctl, SyscallKind::sandbox, -1, -1, -1, 0, {0, PR_SET_NO_NEW_PRIVS}},
    {SYS_seccomp, SyscallKind::sandbox, -1, -1, -1, 0, {0, SECCOMP_SET_MODE_STRICT}},
    {SYS_seccomp, SyscallKind::sandbox, -1, -1, -1, 0, {0, SECCOMP_SET_MODE_FILTER}},
    {SYS_setuid, SyscallKind::confine},
    {SYS_setgid, SyscallKind::confine},
    {SYS_setreuid, SyscallKind::confine},
    {SYS_setregid, SyscallKind::confine},
    {SYS_setresuid, SyscallKind::confine},
    {SYS_setresgid, SyscallKind::confine},
    {SYS_setfsuid, SyscallKind::confine},
    {SYS_setfsgid, SyscallKind::confine},
    {SYS_setgroups, SyscallKind::confine},
    {SYS_capset, SyscallKind::confine},
    {446 /* landlock_restrict_self */, SyscallKind::confine},
    {SYS_mount, SyscallKind::hide},
    {SYS_umount2, SyscallKind::hide},
    {SYS_pivot_root, SyscallKind::hide},
    {SYS_chroot, SyscallKind::hide},
    {SYS_setns, SyscallKind::hide},
    {SYS_unshare, SyscallKind::hide},
    {SYS_open_by_handle_at, SyscallKind::hide},
    {SYS_move_mount, SyscallKind::hide},
    {SYS_open_tree, SyscallKind::hide},
    {SYS_fsopen, SyscallKind::hide},
    {SYS_fspick, SyscallKind::hide},
    {SYS_mount_setattr, SyscallKind::hide},
    {SYS_ptrace, SyscallKind::hide},
    {SYS_process_vm_readv, SyscallKind::hide},
    {SYS_process_vm_writev, SyscallKind::hide},
    {SYS_pidfd_getfd, SyscallKind::hide},
    {SYS_io_uring_setup, SyscallKind::hide},
    {SYS_userfaultfd, SyscallKind::hide},
    {SYS_add_key, SyscallKind::hide},
    {SYS_request_key, SyscallKind::hide},
    {SYS_keyctl, SyscallKind::hide},
};

}  // namespace

std::span<const Syscall> watched_calls() { return kCalls; }

const Syscall* find_call(int number) {
  const auto* found = std::ranges::find(kCalls, number, &Syscall::number);
  return found == std::end(kCalls) ? nullptr : found;
}

}  // namespace deja::observe::supervise
