// The clocks, and the grain of the one that stamps files.
#pragma once

#include <cstdint>

namespace deja::os {

std::int64_t monotonic_ns();
std::int64_t wall_ns();
// The clock the kernel stamps files with, and the largest step by which its stamps can lie behind
// wall_ns(): one tick (4 or 10 ms), see clock_getres(CLOCK_REALTIME_COARSE).
std::int64_t file_clock_ns();
std::int64_t file_clock_grain_ns();
// Identifies this boot of this machine; changes when anything not synced may be gone. Empty when
// the kernel does not say.
const char* boot_id();

}  // namespace deja::os
