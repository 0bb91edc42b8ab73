// SPDX-License-Identifier: Apache-2.0
// Which files a C or C++ text includes, by its directives alone. No macro is expanded and no
// condition is evaluated, so the answer holds more files than one run includes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deja::tool::exec {

struct Include {
  std::string name;
  bool is_quoted = false;  // "name" instead of <name>
  bool is_next = false;    // #include_next: every file of that name on the search path counts
  bool is_text = true;     // false: #embed, whose bytes include nothing
  bool operator==(const Include&) const = default;
};

struct Includes {
  std::vector<Include> includes;  // in order, with duplicates
  std::string computed;           // a directive whose name is a macro; empty: none
};

// Finds #include, #include_next, #import, #embed, and the names in __has_include and __has_embed.
// Reads comments and continued lines as a compiler does (C23 5.1.1.2, phases 2 to 4).
Includes find_includes(std::string_view text);

}  // namespace deja::tool::exec
