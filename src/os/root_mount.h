// SPDX-License-Identifier: Apache-2.0
// What this process sees as "/". Two processes with equal values see the same files by the same paths: the same
// directory, through the same mount, and a mount is in one mount namespace only (mount_namespaces(7)).
// Freestanding.
#pragma once

#include <cstdint>

namespace deja::os {

struct RootMount {
  std::uint64_t mount = 0;  // 0: unknown, and equal to none
  std::uint64_t device = 0, inode = 0;
};

RootMount root_mount_of_this_process();

}  // namespace deja::os
