// SPDX-License-Identifier: Apache-2.0
#include "remote/clock.h"

#include <chrono>
#include <memory>
#include <random>

#include "os/clock.h"

namespace deja::remote {
namespace {

class SystemClock final : public Clock {
 public:
  std::int64_t now_ns() override { return os::monotonic_ns(); }
  bool wait_until(std::int64_t at_ns, StopSignal& stop) override { return stop.wait_until(at_ns); }
};

struct Generator {
  Mutex mutex;
  std::mt19937_64 engine GUARDED_BY(mutex){std::random_device()()};
};

}  // namespace

void StopSignal::set() {
  {
    const MutexLock lock(mutex_);
    set_ = true;
  }
  changed_.notify_all();
}

bool StopSignal::is_set() {
  const MutexLock lock(mutex_);
  return set_;
}

bool StopSignal::wait_until(std::int64_t at_ns) {
  const MutexLock lock(mutex_);
  while (!set_) {
    const std::int64_t rest_ns = at_ns - os::monotonic_ns();
    if (rest_ns <= 0) return true;
    changed_.wait_for(mutex_, std::chrono::nanoseconds(rest_ns));
  }
  return false;
}

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

Random system_random() {
  return [generator = std::make_shared<Generator>()] {
    const MutexLock lock(generator->mutex);
    return std::uniform_real_distribution<double>(0, 1)(generator->engine);
  };
}

}  // namespace deja::remote
