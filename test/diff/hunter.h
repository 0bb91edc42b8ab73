// SPDX-License-Identifier: Apache-2.0
// The hunt: random projects and random changes. After each change it checks that deja leaves what
// the bare tool leaves.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "diff/cases.h"

namespace deja::test {

struct Catch {
  std::uint64_t seed;
  std::string reproducer;  // a script, and the differences
};

struct Tally {
  int projects = 0, unusable = 0, judged = 0, hits = 0, misses = 0, failures = 0, bypasses = 0,
      noisy = 0;
  std::map<std::string, int> lost;  // misses that left bytes that were stored already, by reason
  std::map<std::string, int> not_stored;
  std::vector<Catch> wrong;
};
std::string report(const Tally& tally);

// One project and some changes to it.
void hunt_once(std::uint64_t seed, Tally& tally, const std::vector<Mutation>& from = mutations());
// Seeds from `seed` on, until it is told to stop.
Tally hunt(std::uint64_t seed, const std::function<bool(const Tally&)>& stop,
           const std::vector<Mutation>& from = mutations());

}  // namespace deja::test
