// SPDX-License-Identifier: Apache-2.0
// Numbers, times and tables for users.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "journal/human.h"

namespace deja::report {

inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;

using journal::human_elapsed;
using journal::human_size;
std::string human_age(std::int64_t age_ns);                    // "3 min ago", "just now"
std::string local_time(std::int64_t wall_ns);                  // "2026-08-24 10:00:01"
std::string percent(std::uint64_t part, std::uint64_t whole);  // "65.0 %"; "" when whole is 0
std::string counted(std::uint64_t n, std::string_view noun);   // "1 blob", "2 blobs"
double seconds(std::int64_t wall_ns);  // for JSON: seconds since 1970, to the µs

// Safe to print on a terminal: control characters become '?'.
std::string printable(std::string_view text);
// The text, cut in the middle when longer than max characters: "/usr/…/a.c".
std::string shortened(std::string_view text, std::size_t max);

// Left-aligned columns, two blanks between; the last column is not padded.
class Table {
 public:
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string text(std::string_view indent = "") const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace deja::report
