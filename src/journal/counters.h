// SPDX-License-Identifier: Apache-2.0
// Counters that all processes of one cache directory share: atomic numbers in mapped files.
//
// Layout of <dir>/journal/counters, version 1 (in the machine's little-endian order):
//
// clang-format off
//   "dejacnt1"        8 bytes
//   i64               wall clock in ns of the last zero(); 0: never
//   64 × u64          numbers, indexed by Counter; unused ones are 0
//   64 × slot         counters with names that are not known in advance (bypass reasons):
//                     u32 state (0 free, 1 being named, 2 named), char[52] name, u64 count
//
// <dir>/journal/not_stored, version 1, for the reasons why runs were not stored:
//   "dejanst1"        8 bytes
//   128 × slot
// clang-format on
//
// A crash can leave at most one slot that is being named; it is never used again. Two processes may
// give two slots the same name; readers add them up.
//
// Thread-safe. Only open() blocks or makes a system call.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/mapping.h"

namespace deja::journal {

enum class Counter : std::uint8_t {
  hits,
  misses,  // including dups
  dups,
  bypasses,
  failures,  // the tool itself failed
  errors,    // the cache failed; no command failed because of it
  tool_runs,
  remote_hits,  // also counted in hits
  time_saved_ns,
  bytes_served,
  prefetched_hits,  // also counted in hits, not in remote_hits
};
inline constexpr std::size_t kCounters = 11;
const char* counter_name(Counter counter);

struct NamedCount {
  std::string name;
  std::uint64_t count = 0;
};

struct Counts {
  std::int64_t since_ns = 0;  // the last zero(), 0: never
  std::uint64_t values[kCounters] = {};
  std::vector<NamedCount> bypass_reasons;  // by name
  std::vector<NamedCount> not_stored;      // by code

  std::uint64_t operator[](Counter c) const { return values[static_cast<std::size_t>(c)]; }
};

class Counters {
 public:
  // dir: the journal's directory, which must exist.
  static Result<Counters> open(const std::string& dir);
  // Counters of this process alone, if the file cannot be opened.
  static Counters in_memory();

  void add(Counter counter, std::uint64_t n = 1);
  void add_bypass_reason(std::string_view name);
  void add_not_stored(std::string_view code);
  Counts read() const;
  void zero();

 private:
  Counters() = default;
  // One of the files, or memory in its place.
  struct Shared {
    os::Mapping mapping = {};
    std::unique_ptr<std::uint64_t[]> memory = {};
    void* data = nullptr;
  };
  // The file not_stored is opened when it is first needed: an engine for one request rarely needs it.
  struct Lazy {
    std::string dir;  // empty: in memory
    std::once_flag once;
    Shared shared;
  };
  static Result<Shared> map(const std::string& dir, std::string_view name, std::string_view magic,
                            std::size_t size);
  static Shared allocate(std::size_t size);

  void* not_stored() const;

  Shared counters_;
  std::unique_ptr<Lazy> not_stored_;
};

}  // namespace deja::journal
