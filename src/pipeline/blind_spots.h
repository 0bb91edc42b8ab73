// Tools whose process tree held a program that the interposer cannot see (static, Go, musl): they
// are run under the supervisor from then on. Kept for the engine's life only: learning it again
// costs one run that is not remembered. Thread-safe, bounded.
#pragma once

#include <unordered_set>

#include "base/mutex.h"
#include "digest/digest.h"

namespace deja::pipeline {

class BlindSpots {
 public:
  void add(const Digest& tool) {
    const MutexLock lock(mutex_);
    if (tools_.size() >= kToolsMax) tools_.clear();
    tools_.insert(tool);
  }
  bool has(const Digest& tool) const {
    const MutexLock lock(mutex_);
    return tools_.contains(tool);
  }

 private:
  static constexpr std::size_t kToolsMax = 4096;
  mutable Mutex mutex_;
  std::unordered_set<Digest> tools_ GUARDED_BY(mutex_);
};

}  // namespace deja::pipeline
