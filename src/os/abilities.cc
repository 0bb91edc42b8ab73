// SPDX-License-Identifier: Apache-2.0
#include "os/abilities.h"

#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "os/fd.h"

namespace deja::os {

bool can_make_memory_files() {
  const Fd fd(::memfd_create("deja-doctor", MFD_CLOEXEC));
  return static_cast<bool>(fd);
}

bool can_notify_of_calls() {
  std::uint32_t action = SECCOMP_RET_USER_NOTIF;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

}  // namespace deja::os
