// Failpoints: every wrapper in os/ that changes the disk or talks to another process passes one.
// Unarmed (always, outside tests) a failpoint is one relaxed load. Armed as "kill@N" the N-th
// failpoint passed ends the process as SIGKILL would; armed as "ENOSPC@N" (or EIO, EROFS, EMFILE)
// it makes the N-th wrapper fail with that errno; "ENOSPC@N+" from the N-th on.
//
// The counter is one of the project's few mutable globals.
#pragma once

#include <atomic>
#include <string_view>

namespace deja::os {

namespace internal {
extern std::atomic<bool> failpoints_armed;
int failpoint_slow();
}  // namespace internal

// 0, or the errno with which the calling wrapper must fail.
inline int failpoint() {
  if (!internal::failpoints_armed.load(std::memory_order_relaxed)) [[likely]]
    return 0;
  return internal::failpoint_slow();
}

// False: spec is malformed.
bool arm_failpoint(std::string_view spec);
void disarm_failpoint();
// The number of failpoints passed since arming. Tests use it to end their loop over all failpoints.
long failpoints_passed();

}  // namespace deja::os
