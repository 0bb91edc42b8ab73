// rustc compiles a crate that is edited over and over faster by itself, with its incremental cache,
// than any cache of results could. So a crate that misses again and again in a directory where it was built
// before is left to rustc; a hit, or an hour without a miss, ends that.
//
// Thread-safe. Known to one services only: another one begins to count anew.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/mutex.h"
#include "digest/digest.h"

namespace deja::pipeline {

class IncrementalPolicy {
 public:
  // Misses in a row that are compiled and kept before the tool's own lane is taken: the first may be
  // a switch to another branch, which comes back.
  static constexpr int kPatience = 2;
  static constexpr std::int64_t kIdleNs = 3'600'000'000'000;

  // A request of this probe key has missed. True: leave it to the tool's own lane.
  // now_ns: of the monotonic clock.
  bool missed(const ProbeKey& probe, std::int64_t now_ns);
  void hit(const ProbeKey& probe);

 private:
  struct Lane {
    int misses = 0;
    std::int64_t last_ns = 0;
  };
  static constexpr std::size_t kMost = 4096;  // crates; beyond that all begin to count anew

  Mutex mutex_;
  std::unordered_map<ProbeKey, Lane> lanes_ GUARDED_BY(mutex_);
};

}  // namespace deja::pipeline
