// Tested by incremental_test.cc and test/e2e/rust_incremental_test.cc.
#include "pipeline/incremental.h"

namespace deja::pipeline {

bool IncrementalPolicy::missed(const ProbeKey& probe, std::int64_t now_ns) {
  const MutexLock lock(mutex_);
  if (lanes_.size() >= kMost && !lanes_.contains(probe)) lanes_.clear();
  Lane& lane = lanes_[probe];
  if (now_ns - lane.last_ns > kIdleNs) lane.misses = 0;
  lane.last_ns = now_ns;
  return ++lane.misses > kPatience;
}

void IncrementalPolicy::hit(const ProbeKey& probe) {
  const MutexLock lock(mutex_);
  lanes_.erase(probe);
}

}  // namespace deja::pipeline
