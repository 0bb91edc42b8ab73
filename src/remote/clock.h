// SPDX-License-Identifier: Apache-2.0
// The time by which decorators measure and wait. Tests give a clock of their own, which does not sleep.
#pragma once

#include <cstdint>
#include <functional>

#include "base/mutex.h"

namespace deja::remote {

// Set once, by stop(): ends all waiting. Thread-safe.
class StopSignal {
 public:
  void set();
  bool is_set();
  // False: it was set before this time (os::monotonic_ns).
  bool wait_until(std::int64_t at_ns);

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  bool set_ GUARDED_BY(mutex_) = false;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t now_ns() = 0;
  // False: stop was set before this time.
  virtual bool wait_until(std::int64_t at_ns, StopSignal& stop) = 0;
};

// os::monotonic_ns. Lives as long as the process.
Clock& system_clock();

// A number in [0, 1). Thread-safe.
using Random = std::function<double()>;
Random system_random();

}  // namespace deja::remote
