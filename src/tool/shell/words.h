// Words of a shell's text, found from either end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deja::tool::shell {

bool is_blank(char c);       // no newline
bool is_name_start(char c);  // of a variable
bool is_name_char(char c);

// Without comments that are nothing else: a comment with a quote or an expansion may be part of a text.
std::string without_comments(std::string_view text);
// Without quotes and backslashes, which can hide a word from whoever looks for it.
std::string without_quotes(std::string_view text);

// Where the word that `at` is in begins.
std::size_t word_start(std::string_view text, std::size_t at);
// May the word that begins here be the name of a command? In doubt, yes.
bool is_at_command(std::string_view text, std::size_t at);

// A word with an expansion in it.
struct Word {
  std::size_t end = 0;
  bool has_expansion = false;
  bool has_slash = false;      // outside of the expansions: no command of the shell's own
  bool is_assignment = false;  // NAME=…
  std::string_view variable;   // it is this variable's value, or a literal in its stead; else empty
  bool is_positional = false;  // $1, $@
};
Word read_word(std::string_view text, std::size_t at);

}  // namespace deja::tool::shell
