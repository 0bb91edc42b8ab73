// SPDX-License-Identifier: Apache-2.0
// The clocks, and the resolution of the clock that stamps files.
#pragma once

#include <cstdint>

namespace deja::os {

inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::int64_t monotonic_ns();
std::int64_t wall_ns();
// The clock with which the kernel stamps files. Its stamps lie at most one tick (4 or 10 ms) behind
// wall_ns(): file_clock_grain_ns(), from clock_getres(CLOCK_REALTIME_COARSE).
std::int64_t file_clock_ns();
std::int64_t file_clock_grain_ns();
// Identifies this boot of the machine; data that was not synced may be lost when it changes. Empty if
// the kernel does not report it.
const char* boot_id();

}  // namespace deja::os
