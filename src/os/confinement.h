// What confines this process more than its user's other processes: Landlock and seccomp, which need
// no_new_privs (prctl(2), PR_SET_NO_NEW_PRIVS) and stay for its life and for its children's. An engine
// that is confined otherwise than its client would do for it what the client may not do, or the other
// way round. Freestanding.
#pragma once

#include <cstdint>

namespace deja::os {

// 0: not confined. Else a number that is equal for two processes with no_new_privs, one mode of seccomp
// and as many filters. (Nothing tells Landlock domains apart.)
std::uint64_t confinement_of_this_process();

}  // namespace deja::os
