// SPDX-License-Identifier: Apache-2.0
// Failpoints: every wrapper in os/ that changes the disk or talks to another process passes one.
// Only builds for tests have them (DEJA_TEST_HOOKS); the shipped programs have none. Unarmed a failpoint
// is one relaxed load. Armed as "kill@N" the N-th
// failpoint passed ends the process as SIGKILL would; armed as "ENOSPC@N" (or EIO, EROFS, EMFILE)
// it makes the N-th wrapper fail with that errno; "ENOSPC@N+" from the N-th on. "slow@N" holds it up for 1.5 s.
//
// The counter is one of the project's few mutable globals.
#pragma once

#include <atomic>
#include <string_view>

namespace deja::os {

#if defined(DEJA_TEST_HOOKS)
inline constexpr bool kHasTestHooks = true;

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
#else
inline constexpr bool kHasTestHooks = false;

inline int failpoint() { return 0; }
inline bool arm_failpoint(std::string_view) { return false; }
inline void disarm_failpoint() {}
inline long failpoints_passed() { return 0; }
#endif

}  // namespace deja::os
