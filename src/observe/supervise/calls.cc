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
constexpr Call kCalls[] = {
    {SYS_clock_gettime, Kind::clock, -1, -1, 0, 0, {0, CLOCK_REALTIME}},
    {SYS_clock_gettime, Kind::clock, -1, -1, 0, 0, {0, CLOCK_REALTIME_COARSE}},
    {SYS_clock_gettime, Kind::clock, -1, -1, 0, 0, {0, CLOCK_REALTIME_ALARM}},
    {SYS_clock_gettime, Kind::clock, -1, -1, 0, 0, {0, CLOCK_TAI}},
    {SYS_gettimeofday, Kind::clock},
    {SYS_openat, Kind::open, 0, 1, 2},
    {SYS_openat2, Kind::openat2, 0, 1, 2},
    {SYS_newfstatat, Kind::stat, 0, 1, 3},
    {SYS_statx, Kind::stat, 0, 1, 2},
    {SYS_faccessat, Kind::access, 0, 1, 2},
    {SYS_faccessat2, Kind::access, 0, 1, 2},
    {SYS_readlinkat, Kind::readlink, 0, 1},
    {SYS_getxattr, Kind::stat, -1, 0},
    {SYS_lgetxattr, Kind::stat, -1, 0, -1, kNoFollow},
    {SYS_listxattr, Kind::stat, -1, 0},
    {SYS_llistxattr, Kind::stat, -1, 0, -1, kNoFollow},
    {SYS_statfs, Kind::statfs, -1, 0},
    {SYS_execve, Kind::exec, -1, 0},
    {SYS_execveat, Kind::exec, 0, 1, 4},
    {SYS_mkdirat, Kind::mkdir, 0, 1, 2},
    {SYS_unlinkat, Kind::unlink, 0, 1, 2},
    {SYS_renameat, Kind::rename, 0, 1},
    {SYS_renameat2, Kind::rename, 0, 1, 4},
    {SYS_linkat, Kind::link, 0, 1, 4},
    {SYS_symlinkat, Kind::symlink, 1, 2},
    {SYS_mknodat, Kind::change, 0, 1},
    {SYS_fchmod, Kind::change, 0},
    {SYS_fchmodat, Kind::change, 0, 1},
    {452 /* fchmodat2 */, Kind::change, 0, 1, 3},
    {SYS_fchown, Kind::change, 0},
    {SYS_fchownat, Kind::change, 0, 1, 4},
    {SYS_utimensat, Kind::change, 0, 1, 3},
    {SYS_truncate, Kind::change, -1, 0},
    {SYS_setxattr, Kind::change, -1, 0},
    {SYS_lsetxattr, Kind::change, -1, 0, -1, kNoFollow},
    {SYS_fsetxattr, Kind::change, 0},
    {SYS_removexattr, Kind::change, -1, 0},
    {SYS_lremovexattr, Kind::change, -1, 0, -1, kNoFollow},
    {SYS_fremovexattr, Kind::change, 0},
    {463 /* setxattrat */, Kind::change, 0, 1, 2},
    {466 /* removexattrat */, Kind::change, 0, 1, 2},
    {464 /* getxattrat */, Kind::stat, 0, 1, 2},
    {465 /* listxattrat */, Kind::stat, 0, 1, 2},
    {468 /* file_getattr */, Kind::stat, 0, 1, 4},
    {469 /* file_setattr */, Kind::change, 0, 1, 4},
    {SYS_chdir, Kind::chdir, -1, 0},
    {SYS_getdents64, Kind::list, 0},
    {SYS_flock, Kind::lock, 0, -1, 1},
    {SYS_connect, Kind::connect, -1, -1, 1},
    {SYS_bind, Kind::connect, -1, -1, 1},
    {SYS_socket, Kind::talk, -1, -1, -1, 0, {0, AF_UNIX, true}},
    {SYS_shmget, Kind::talk},
    {SYS_msgget, Kind::talk},
    {SYS_semget, Kind::talk},
    {SYS_mq_open, Kind::talk},
    {SYS_uname, Kind::host},
    {SYS_sysinfo, Kind::host},
#ifdef SYS_open  // x86-64 has all of these, newer architectures few
    {SYS_open, Kind::open, -1, 0, 1},
    {SYS_creat, Kind::creat, -1, 0, 1},
    {SYS_stat, Kind::stat, -1, 0},
    {SYS_lstat, Kind::stat, -1, 0, -1, kNoFollow},
    {SYS_access, Kind::access, -1, 0, 1},
    {SYS_readlink, Kind::readlink, -1, 0},
    {SYS_mkdir, Kind::mkdir, -1, 0, 1},
    {SYS_rmdir, Kind::unlink, -1, 0, -1, AT_REMOVEDIR},
    {SYS_unlink, Kind::unlink, -1, 0},
    {SYS_rename, Kind::rename, -1, 0},
    {SYS_link, Kind::link, -1, 0},
    {SYS_symlink, Kind::symlink, -1, 1},
    {SYS_mknod, Kind::change, -1, 0},
    {SYS_chmod, Kind::change, -1, 0},
    {SYS_chown, Kind::change, -1, 0},
    {SYS_lchown, Kind::change, -1, 0, -1, kNoFollow},
    {SYS_utime, Kind::change, -1, 0},
    {SYS_utimes, Kind::change, -1, 0},
    {SYS_futimesat, Kind::change, 0, 1},
    {SYS_getdents, Kind::list, 0},
    {SYS_time, Kind::clock},
    {SYS_arch_prctl, Kind::start, -1, -1, -1, 0, {0, ARCH_SET_FS}},
#else
    {SYS_set_tid_address, Kind::start},
#endif
    {SYS_prctl, Kind::sandbox, -1, -1, -1, 0, {0, PR_SET_SECCOMP}},
    {SYS_prctl, Kind::sandbox, -1, -1, -1, 0, {0, PR_SET_NO_NEW_PRIVS}},
    {SYS_seccomp, Kind::sandbox, -1, -1, -1, 0, {0, SECCOMP_SET_MODE_STRICT}},
    {SYS_seccomp, Kind::sandbox, -1, -1, -1, 0, {0, SECCOMP_SET_MODE_FILTER}},
    {SYS_setuid, Kind::confine},
    {SYS_setgid, Kind::confine},
    {SYS_setreuid, Kind::confine},
    {SYS_setregid, Kind::confine},
    {SYS_setresuid, Kind::confine},
    {SYS_setresgid, Kind::confine},
    {SYS_setfsuid, Kind::confine},
    {SYS_setfsgid, Kind::confine},
    {SYS_setgroups, Kind::confine},
    {SYS_capset, Kind::confine},
    {446 /* landlock_restrict_self */, Kind::confine},
    {SYS_mount, Kind::hide},
    {SYS_umount2, Kind::hide},
    {SYS_pivot_root, Kind::hide},
    {SYS_chroot, Kind::hide},
    {SYS_setns, Kind::hide},
    {SYS_unshare, Kind::hide},
    {SYS_open_by_handle_at, Kind::hide},
    {SYS_move_mount, Kind::hide},
    {SYS_open_tree, Kind::hide},
    {SYS_fsopen, Kind::hide},
    {SYS_fspick, Kind::hide},
    {SYS_mount_setattr, Kind::hide},
    {SYS_ptrace, Kind::hide},
    {SYS_process_vm_readv, Kind::hide},
    {SYS_process_vm_writev, Kind::hide},
    {SYS_pidfd_getfd, Kind::hide},
    {SYS_io_uring_setup, Kind::hide},
    {SYS_userfaultfd, Kind::hide},
    {SYS_add_key, Kind::hide},
    {SYS_request_key, Kind::hide},
    {SYS_keyctl, Kind::hide},
};

}  // namespace

std::span<const Call> watched_calls() { return kCalls; }

const Call* find_call(int number) {
  const auto* found = std::ranges::find(kCalls, number, &Call::number);
  return found == std::end(kCalls) ? nullptr : found;
}

}  // namespace deja::observe::supervise
