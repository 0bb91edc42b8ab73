// SPDX-License-Identifier: Apache-2.0
// What a user may have meant by a mistyped word.
#pragma once

#include <cstddef>
#include <string_view>

namespace deja {

// The number of letters to add, remove, change, or swap with a neighbour (Damerau).
std::size_t mistakes_between(std::string_view a, std::string_view b);

// How many mistakes a word may have and still be recognized: one in a short word, two in a longer one.
constexpr std::size_t mistakes_allowed(std::string_view word) { return word.size() < 5 ? 1 : 2; }

}  // namespace deja
