// SPDX-License-Identifier: Apache-2.0
// Splits shell text without a parser: each function answers for one position, and in doubt gives
// the answer that makes a script read more variables. Tested by script_test.cc.
#include "tool/shell/words.h"

#include <algorithm>
#include <iterator>

namespace deja::tool::shell {
namespace {

bool is_delimiter(char c) { return is_blank(c) || is_one_of(c, "\n;&|()<>`"); }

// This is a comment, or harmless as part of a text: it has no quote and no expansion.
bool is_plain(std::string_view rest) {
  return rest.find_first_of("'\"`$\\") == std::string_view::npos;
}

// The position after the closing bracket of what begins here; the end of the text when there is
// none.
std::size_t skip_brackets(std::string_view text, std::size_t at, char open, char close) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\') {
      ++at;
    } else if (c == '\'' && open == '(') {
      const std::size_t end = text.find('\'', at + 1);
      if (end == std::string_view::npos) return text.size();
      at = end;
    } else if (c == open) {
      ++depth;
    } else if (c == close && --depth == 0) {
      return at + 1;
    }
  }
  return text.size();
}

std::size_t skip_name(std::string_view text, std::size_t at) {
  while (at < text.size() && is_name_char(text[at])) ++at;
  return at;
}

std::size_t skip_expansion(std::string_view text, std::size_t at) {
  if (text[at] == '`') return std::min(text.find('`', at + 1), text.size() - 1) + 1;
  const std::size_t next = at + 1;
  if (next == text.size()) return next;
  if (text[next] == '(') return skip_brackets(text, next, '(', ')');
  if (text[next] == '{') return skip_brackets(text, next, '{', '}');
  return is_name_start(text[next]) ? skip_name(text, next) : next + 1;
}

// Does it certainly end where it seems to? Quoted brackets, patterns and comments could end it
// elsewhere.
bool is_clear(std::string_view expansion) {
  if (expansion.find_first_of("\n'\\;#") != std::string_view::npos) return false;
  int quotes = 0, open = 0;
  for (std::size_t i = 0; i < expansion.size(); ++i) {
    quotes += expansion[i] == '"';
    open += expansion[i] == '(';
    open -= expansion[i] == ')';
    if (expansion[i] == '(' && (i == 0 || expansion[i - 1] != '$')) return false;
  }
  return quotes % 2 == 0 && open == 0;
}

// "$x", "${x}", "${x:-literal}": variable x; "$1", "$@", "${1:-x}": positional.
void read_simple(std::string_view text, Word& word) {
  if (text.size() > 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  if (text.size() < 2 || text[0] != '$') return;
  text.remove_prefix(1);
  if (text.front() == '{' && text.back() == '}') text = text.substr(1, text.size() - 2);
  if (text.empty()) return;
  if (text.size() == 1 && is_one_of(text[0], "@*0123456789")) {
    word.is_positional = true;
    return;
  }
  const std::size_t end = skip_name(text, 0);
  std::string_view rest = text.substr(end);
  if (rest.starts_with(':')) rest.remove_prefix(1);
  const bool has_rest = end != text.size();
  if (has_rest && (rest.empty() || !is_one_of(rest[0], "-=") || !is_plain(rest))) return;
  if (!is_name_start(text[0])) {
    word.is_positional = end > 0;
  } else {
    word.variable = text.substr(0, end);
  }
}

bool is_assignment(std::string_view word) {
  if (word.empty() || !is_name_start(word[0])) return false;
  const std::string_view rest = word.substr(skip_name(word, 0));
  return rest.starts_with("=") || rest.starts_with("+=") || rest.starts_with("[");
}

bool leads_to_command(std::string_view word) {
  static constexpr std::string_view kWords[] = {"then",    "else",   "elif", "do", "if",
                                                "while",   "until",  "time", "!",  "command",
                                                "builtin", "coproc", "{",    "}"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

std::size_t skip_blanks_back(std::string_view text, std::size_t at) {
  for (;;) {
    if (at > 0 && is_blank(text[at - 1])) {
      --at;
    } else if (at > 1 && text[at - 1] == '\n' && text[at - 2] == '\\') {
      at -= 2;
    } else {
      return at;
    }
  }
}

// Where the word of a "$(…)" that ends before `end` begins, when it is all on one line; otherwise
// npos.
std::size_t substitution_start(std::string_view text, std::size_t end) {
  int depth = 0;
  for (std::size_t i = end; i > 0 && text[i - 1] != '\n';) {
    --i;
    if (text[i] == ')') ++depth;
    if (text[i] != '(' || --depth != 0) continue;
    const std::string_view inside = text.substr(i, end - i);
    const bool has_patterns = inside.find(" in") != inside.npos || inside.find(";;") != inside.npos;
    if (i == 0 || text[i - 1] != '$' || has_patterns) return std::string_view::npos;
    return word_start(text, i - 1);
  }
  return std::string_view::npos;
}

}  // namespace

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_char(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

std::string without_comments(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    std::size_t end = line.size();
    for (std::size_t at = line.find('#'); at != line.npos; at = line.find('#', at + 1)) {
      if ((at != 0 && !is_blank(line[at - 1])) || !is_plain(line.substr(at))) continue;
      end = at;
      break;
    }
    out.append(line.substr(0, end)).push_back('\n');
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return out;
}

std::string without_quotes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '\n') {
      ++i;
    } else if (!is_one_of(text[i], "'\"\\")) {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::size_t word_start(std::string_view text, std::size_t at) {
  while (at > 0 && !is_delimiter(text[at - 1])) --at;
  return at;
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): each case is one line of the shell's grammar
bool is_at_command(std::string_view text, std::size_t at) {
  for (;;) {
    const std::size_t end = skip_blanks_back(text, at);
    if (end == 0) return true;
    const char c = text[end - 1];
    if (c == '<' || c == '>') return false;  // name of a file
    if (c == ')') {
      at = substitution_start(text, end);
      if (at == std::string_view::npos) return true;
      if (is_assignment(text.substr(at, end - at))) return true;
      continue;
    }
    if (c == '(' && end > 1 && text[end - 2] == '=') return false;  // in a list
    if (is_delimiter(c)) return true;
    const std::size_t start = word_start(text, end);
    const std::string_view word = text.substr(start, end - start);
    if (leads_to_command(word) || is_assignment(word)) return true;
    if (start > 0 && is_one_of(text[start - 1], "<>&")) return true;  // after a redirection
    if (word.starts_with('-')) {                                      // "command -p"
      const std::size_t before = skip_blanks_back(text, start);
      const std::size_t from = word_start(text, before);
      return leads_to_command(text.substr(from, before - from));
    }
    // It may be empty, or the end of a longer one.
    if (word.find_first_of("$'\"\\") == word.npos) return false;
    at = start;
  }
}

Word read_word(std::string_view text, std::size_t at) {
  Word word;
  const std::size_t start = at;
  word.is_assignment = is_assignment(text.substr(start, 256));
  bool quoted = false, clear = true;
  while (at < text.size() && (quoted || !is_delimiter(text[at]) || text[at] == '`')) {
    const char c = text[at];
    if (c == '$' || c == '`') {
      word.has_expansion = true;
      const std::size_t from = at;
      at = skip_expansion(text, at);
      clear = clear && is_clear(text.substr(from, at - from));
      continue;
    }
    if (c == '\\') ++at;
    if (c == '"') quoted = !quoted;
    if (c == '\'' && !quoted) at = std::min(text.find('\'', at + 1), text.size() - 1);
    word.has_slash |= c == '/';
    ++at;
  }
  word.end = std::min(at, text.size());
  word.has_slash = word.has_slash && clear;
  read_simple(text.substr(start, word.end - start), word);
  return word;
}

}  // namespace deja::tool::shell
