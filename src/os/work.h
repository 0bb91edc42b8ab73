// SPDX-License-Identifier: Apache-2.0
// Distinguishes an engine that works from one that hangs: every stat, read and copy increments this
// counter. The heartbeat only compares it with its last value. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace deja::os {

inline std::atomic<std::uint64_t> work_done{0};

inline void note_work() { work_done.fetch_add(1, std::memory_order_relaxed); }

}  // namespace deja::os
