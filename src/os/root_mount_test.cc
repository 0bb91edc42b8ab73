// SPDX-License-Identifier: Apache-2.0
#include "os/root_mount.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace deja::os {
namespace {

TEST(RootMount, IsKnownAndStays) {
  const RootMount one = root_mount_of_this_process();
  const RootMount other = root_mount_of_this_process();
  EXPECT_NE(one.mount, 0u);
  EXPECT_NE(one.inode, 0u);
  EXPECT_EQ(one.mount, other.mount);
}

// As in containers whose filter of system calls is older than statx.
TEST(RootMount, IsKnownWithoutStatx) {
  const pid_t child = ::fork();
  if (child == 0) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const struct sock_fprog program = {4, filter};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
      ::_exit(2);
    const RootMount found = root_mount_of_this_process();
    ::_exit(found.mount != 0 && found.inode != 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace deja::os
