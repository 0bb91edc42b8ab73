// SPDX-License-Identifier: Apache-2.0
// A clock that only a test moves; waiting moves it, too, and takes no time.
#pragma once

#include <cstdint>
#include <vector>

#include "base/mutex.h"
#include "remote/clock.h"

namespace deja::remote {

inline constexpr std::int64_t kMs = 1'000'000;
inline constexpr std::int64_t kSecond = 1000 * kMs;

class TestClock final : public Clock {
 public:
  std::int64_t now_ns() override {
    const MutexLock lock(mutex_);
    return now_ns_;
  }
  bool wait_until(std::int64_t at_ns, StopSignal& stop) override {
    if (stop.is_set()) return false;
    const MutexLock lock(mutex_);
    waits_ns_.push_back(at_ns - now_ns_);
    if (at_ns > now_ns_) now_ns_ = at_ns;
    return true;
  }
  void advance(std::int64_t ns) {
    const MutexLock lock(mutex_);
    now_ns_ += ns;
  }
  std::vector<std::int64_t> waits_ns() {
    const MutexLock lock(mutex_);
    return waits_ns_;
  }

 private:
  Mutex mutex_;
  std::int64_t now_ns_ GUARDED_BY(mutex_) = 1000 * kSecond;
  std::vector<std::int64_t> waits_ns_ GUARDED_BY(mutex_);
};

}  // namespace deja::remote
