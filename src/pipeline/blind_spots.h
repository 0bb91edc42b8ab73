// Tools whose process tree held a program that the interposer cannot see (static, Go, musl): they
// are run under the supervisor from then on. Not those that start a setuid program, which the
// supervisor would keep from its rights (no_new_privs). Kept for the engine's life only: learning it
// again costs one run that is not remembered. Thread-safe, bounded.
#pragma once

#include <unordered_map>

#include "base/mutex.h"
#include "digest/digest.h"

namespace deja::pipeline {

class BlindSpots {
 public:
  void add(const Digest& tool) { learn(tool, true); }
  // For good: what is known of a tool's rights outlives what is known of its blind spots.
  void exempt(const Digest& tool) { learn(tool, false); }
  bool has(const Digest& tool) const {
    const MutexLock lock(mutex_);
    const auto it = tools_.find(tool);
    return it != tools_.end() && it->second;
  }

 private:
  void learn(const Digest& tool, bool supervise) {
    const MutexLock lock(mutex_);
    if (tools_.size() >= kToolsMax) tools_.clear();
    bool& known = tools_.try_emplace(tool, supervise).first->second;
    known = known && supervise;
  }

  static constexpr std::size_t kToolsMax = 4096;
  mutable Mutex mutex_;
  std::unordered_map<Digest, bool> tools_ GUARDED_BY(mutex_);  // supervise?
};

}  // namespace deja::pipeline
