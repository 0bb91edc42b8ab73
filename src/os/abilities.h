// SPDX-License-Identifier: Apache-2.0
// What the kernel, container or sandbox allows this process. For `deja doctor`.
#pragma once

namespace deja::os {

bool can_make_memory_files();  // memfd_create(2): the log of a run
bool can_notify_of_calls();    // seccomp_unotify(2): static programs

}  // namespace deja::os
