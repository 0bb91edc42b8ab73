// SPDX-License-Identifier: Apache-2.0
// Restrictions that this process has beyond its user's other processes: Landlock and seccomp. Both
// need no_new_privs (prctl(2), PR_SET_NO_NEW_PRIVS) and last for the process and its children. An
// engine with other restrictions than its client could do what the client may not do, or the other way
// round. Freestanding.
#pragma once

#include <cstdint>

namespace deja::os {

// 0: not confined. Otherwise a number that is equal for two processes with no_new_privs, the same mode
// of seccomp and the same number of filters. (The kernel gives no way to compare Landlock domains.)
std::uint64_t confinement_of_this_process();

}  // namespace deja::os
