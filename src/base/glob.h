// SPDX-License-Identifier: Apache-2.0
// Patterns as in shells and .gitignore:
//
//   ?        one byte                  [abx-z]  one byte of a set; [!abc]: one that is not in it
//   *        any number of bytes       \        takes the next byte as it is
//   **       any number of bytes, also over the borders of directories; "**/" also matches nothing
//
// A '[' without its ']' stands for itself. The time is bounded by the product of both lengths.
#pragma once

#include <string>
#include <string_view>

namespace deja {

enum class GlobOf {
  path,  // ?, * and sets do not match '/'
  text,  // '/' is a byte like any other
};

// Does the pattern match the whole text?
bool glob_matches(std::string_view pattern, std::string_view text, GlobOf of);

// The pattern that matches exactly this text.
std::string glob_of_text(std::string_view text);

}  // namespace deja
