// SPDX-License-Identifier: Apache-2.0
// Tested by time_words_test.cc.
#include "tool/time_words.h"

#include <algorithm>
#include <array>
#include <optional>

#include "tool/source_regions.h"

namespace deja::tool {
namespace {

constexpr std::string_view kTimeNames[] = {"__TIME__", "__TIMESTAMP__"};
constexpr std::size_t kLongest = kTimeNames[1].size();

constexpr auto kWordChars = [] {
  std::array<bool, 256> chars = {};
  for (int c = 0; c < 128; ++c)
    chars[static_cast<std::size_t>(c)] =
        c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return chars;
}();

bool is_piece(std::string_view word) {
  return word.size() <= kLongest && word.find_first_not_of('_') != std::string_view::npos &&
         std::any_of(std::begin(kTimeNames), std::end(kTimeNames), [&](std::string_view name) {
           return name.find(word) != std::string_view::npos;
         });
}

}  // namespace

void TimeWords::add(std::string_view text, Kind kind) {
  std::optional<SourceRegions> regions;
  const auto is_word_char = [&](std::size_t at) {
    return kWordChars[static_cast<unsigned char>(text[at])];
  };
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word_char(at)) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && is_word_char(at)) ++at;
    const std::string_view word = text.substr(begin, at - begin);
    if (!is_piece(word) || pieces_.contains(word)) continue;
    if (kind == Kind::source && !regions) regions.emplace(text);
    if (kind == Kind::source && regions->is_comment(begin)) continue;
    pieces_.emplace(word);
  }
}

bool TimeWords::may_be_spelled() const {
  return std::any_of(std::begin(kTimeNames), std::end(kTimeNames), [&](std::string_view name) {
    std::array<bool, kLongest + 1> is_reached = {true};  // pieces spell the name up to here
    for (std::size_t from = 0; from < name.size(); ++from) {
      if (!is_reached[from]) continue;
      if (name[from] == '_') is_reached[from + 1] = true;
      for (std::size_t size = 1; from + size <= name.size(); ++size)
        if (pieces_.contains(name.substr(from, size))) is_reached[from + size] = true;
    }
    return is_reached[name.size()];
  });
}

}  // namespace deja::tool
