// SPDX-License-Identifier: Apache-2.0
// The cells of a report's tables, which all forms for people share.
#pragma once

#include <string>
#include <vector>

#include "report/render.h"

namespace deja::report {

inline constexpr std::size_t kTextWidth = 70;  // of the last column of a text

struct Rows {
  std::vector<std::vector<std::string>> lines;
};

// Name, value, note.
std::vector<std::vector<std::string>> overview(const Summary& summary, const State& state);
Rows ranked_rows(const std::vector<Ranked>& ranked);  // count, time, name
// The list if something in it occurred more than once. (Else the slowest misses say the same.)
std::vector<Ranked> repeated(const std::vector<Ranked>& ranked);
Rows counted_rows(const std::vector<Ranked>& ranked);  // count, name
Rows slow_rows(const Summary& summary);                // time, what, tool, reason

}  // namespace deja::report
