// SPDX-License-Identifier: Apache-2.0
// Finds words of a shell script, from either end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

namespace deja::tool::shell {

bool is_blank(char c);       // not a newline
bool is_name_start(char c);  // of a variable
bool is_name_char(char c);
inline bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}
template <std::size_t n>
bool is_in(std::string_view word, const std::string_view (&words)[n]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// Removes comments without quotes and expansions; other comments may be part of a text.
std::string without_comments(std::string_view text);
// Removes quotes and backslashes, which can split a word.
std::string without_quotes(std::string_view text);

// Where the word at `at` begins.
std::size_t word_start(std::string_view text, std::size_t at);
// May the word that begins here be a command's name? In doubt, yes.
bool is_at_command(std::string_view text, std::size_t at);

// A word with an expansion in it.
struct Word {
  std::size_t end = 0;
  bool has_expansion = false;
  bool has_slash = false;      // outside of expansions: not a builtin command
  bool is_assignment = false;  // NAME=…
  std::string_view variable;  // the word is this variable's value, or a literal default; else empty
  bool is_positional = false;  // $1, $@
};
Word read_word(std::string_view text, std::size_t at);

}  // namespace deja::tool::shell
