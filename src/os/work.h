// Tells an engine that is at work from one that hangs: whatever looks at files, reads or copies counts
// up. Nobody needs the number itself, only whether it has changed. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace deja::os {

inline std::atomic<std::uint64_t> work_done{0};

inline void note_work() { work_done.fetch_add(1, std::memory_order_relaxed); }

}  // namespace deja::os
