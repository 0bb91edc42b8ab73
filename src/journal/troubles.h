// SPDX-License-Identifier: Apache-2.0
// Troubles: internal failures of the cache, which no command reports (law L3). `deja stats` and
// `deja doctor` show them. The last kTroubles distinct ones are kept, each with its count, in slots
// that are allocated in advance, so that "disk full" can be recorded on a full disk.
//
// Layout of <dir>/journal/troubles, version 1: "dejatrb1", padding to 512 bytes, then 63 slots of
// 512 bytes: u64 count (0: free), i64 first and last wall clock in ns, u32 size, text.
// Every access holds the journal's lock, for microseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace deja::journal {

inline constexpr std::size_t kTroubles = 63;
inline constexpr std::size_t kTroubleTextMax = 484;

struct Trouble {
  std::string text;
  std::uint64_t count = 0;
  std::int64_t first_ns = 0, last_ns = 0;  // wall clock
};

// dir: the journal's directory, which must exist for note_trouble and prepare_troubles.
Status prepare_troubles(const std::string& dir);
// Line breaks in the text are replaced, and it is truncated to kTroubleTextMax.
Status note_trouble(const std::string& dir, std::string_view text);
// Newest first; empty if there is no file.
Result<std::vector<Trouble>> read_troubles(const std::string& dir);
Status clear_troubles(const std::string& dir);

}  // namespace deja::journal
