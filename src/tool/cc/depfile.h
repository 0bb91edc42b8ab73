// SPDX-License-Identifier: Apache-2.0
// Dependency files as gcc and clang write them for make, in enough detail to write the very same
// bytes: where lines break and what is quoted.
//
//   depfile = { target } ":" { dependency } newline { phony ":" newline }
//
// gcc (libcpp's mkdeps) breaks before a name that would pass column 72 and counts quoted names;
// clang breaks at 75, counts dependencies unquoted, and indents by two. clang up to 14 puts an
// empty line before each phony rule. Names are quoted alike but for tabs, which clang leaves as
// they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tool/tool.h"

namespace deja::tool::cc {

enum class DepfileStyle { gcc, clang, clang_14 };

// All names unquoted.
struct Depfile {
  std::vector<std::string> targets;
  std::vector<std::string> dependencies;
  std::vector<std::string> phony;  // -MP: empty rules
  bool operator==(const Depfile&) const = default;
};

// Empty when the text does not follow this grammar. Formatting the result need not give the same
// text: callers compare.
std::optional<Depfile> parse_depfile(std::string_view text);
std::string format_depfile(const Depfile& depfile, DepfileStyle style);

// The text with its names moved and laid out again. The same text when it holds nothing to move
// (quoted or not, so callers need not check). Empty unless the original text is exactly what one of
// `styles` writes for its names, and all styles that fit agree on the result.
std::optional<std::string> move_depfile(std::string_view text, const TextMoves& moves,
                                        const std::vector<DepfileStyle>& styles);

}  // namespace deja::tool::cc
