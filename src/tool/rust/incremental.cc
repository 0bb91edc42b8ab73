// SPDX-License-Identifier: Apache-2.0
// Tested by incremental_test.cc and test/e2e/rust_incremental_test.cc.
#include "tool/rust/incremental.h"

namespace deja::tool::rust {

bool IncrementalPolicy::missed(const ProbeKey& probe, std::int64_t now_ns) {
  const MutexLock lock(mutex_);
  if (crates_.size() >= kMost && !crates_.contains(probe)) crates_.clear();
  Crate& crate = crates_[probe];
  if (now_ns - crate.last_ns > kIdleNs) crate.misses = 0;
  crate.last_ns = now_ns;
  return ++crate.misses > kPatience;
}

void IncrementalPolicy::hit(const ProbeKey& probe) {
  const MutexLock lock(mutex_);
  crates_.erase(probe);
}

}  // namespace deja::tool::rust
