// SPDX-License-Identifier: Apache-2.0
// Booleans as users write them, in files, variables and options. Freestanding: the client reads its
// variables with it.
#pragma once

#include <optional>
#include <string_view>

namespace deja {

// In upper or lower case; `word` is in lower case.
inline bool is_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool is_upper = text[i] >= 'A' && text[i] <= 'Z';
    if ((is_upper ? text[i] + ('a' - 'A') : text[i]) != word[i]) return false;
  }
  return true;
}

// 1 true yes on, 0 false no off; case and blanks around the word do not matter.
inline std::optional<bool> parse_bool(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  const auto is = [&](std::string_view word) { return is_word(text, word); };
  if (is("1") || is("true") || is("yes") || is("on")) return true;
  if (is("0") || is("false") || is("no") || is("off")) return false;
  return std::nullopt;
}

}  // namespace deja
