// SPDX-License-Identifier: Apache-2.0
// The incremental policy: rustc's incremental cache compiles a crate that is edited again and again faster
// than a cache of whole results can. So a crate that misses repeatedly in a directory where it was built
// before is left to rustc, until a hit, or until an hour without a miss.
//
// Thread-safe. It counts in memory: another engine starts from zero.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/mutex.h"
#include "digest/digest.h"

namespace deja::tool::rust {

class IncrementalPolicy {
 public:
  // Misses in a row that are still compiled without -C incremental and stored: the first ones may be a
  // switch to another branch, whose results are wanted again.
  static constexpr int kPatience = 2;
  static constexpr std::int64_t kIdleNs = 3'600'000'000'000;

  // A request with this probe key has missed. True: leave it to rustc's incremental cache.
  // now_ns: of the monotonic clock.
  bool missed(const ProbeKey& probe, std::int64_t now_ns);
  void hit(const ProbeKey& probe);

 private:
  struct Crate {
    int misses = 0;
    std::int64_t last_ns = 0;
  };
  static constexpr std::size_t kMost = 4096;  // crates; with more, all counts start from zero

  Mutex mutex_;
  std::unordered_map<ProbeKey, Crate> crates_ GUARDED_BY(mutex_);
};

}  // namespace deja::tool::rust
