// SPDX-License-Identifier: Apache-2.0
// Reads the directives of a C or C++ text line by line. Comments are removed first, so that a
// directive in a comment is not found and one after a comment is. Tested by includes_test.cc.
#include "tool/exec/includes.h"

#include <algorithm>
#include <cctype>

namespace deja::tool::exec {
namespace {

std::string with_joined_lines(std::string_view text) {
  std::string joined;
  joined.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view next = text.substr(i + 1, 2);
    if (text[i] == '\\' && next.starts_with('\n')) {
      ++i;
    } else if (text[i] == '\\' && next == "\r\n") {
      i += 2;
    } else {
      joined += text[i];
    }
  }
  return joined;
}

// Copies a literal, in which "//" and "/*" do not start a comment. It ends with its line at the latest. Returns where
// it ends.
std::size_t copy_literal(std::string_view text, std::size_t i, std::string& out) {
  const char quote = text[i];
  out += text[i++];
  while (i < text.size() && text[i] != quote && text[i] != '\n') {
    if (text[i] == '\\' && i + 1 < text.size()) out += text[i++];
    out += text[i++];
  }
  if (i < text.size() && text[i] == quote) out += text[i++];
  return i;
}

// Joins continued lines and turns comments into blanks; the names of directives stay as they are.
std::string without_comments(std::string_view text) {
  const std::string joined = with_joined_lines(text);
  std::string out;
  out.reserve(joined.size());
  for (std::size_t i = 0; i < joined.size();) {
    const std::string_view rest = std::string_view(joined).substr(i);
    if (rest.starts_with("//")) {
      i = std::min(joined.find('\n', i), joined.size());
    } else if (rest.starts_with("/*")) {
      const std::size_t end = joined.find("*/", i + 2);
      i = end == std::string::npos ? joined.size() : end + 2;
      out += ' ';
    } else if (rest[0] == '"' || rest[0] == '\'') {
      i = copy_literal(joined, i, out);
    } else {
      out += joined[i++];
    }
  }
  return out;
}

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view take_word(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() &&
         (std::isalnum(static_cast<unsigned char>(text[n])) != 0 || text[n] == '_'))
    ++n;
  const std::string_view word = text.substr(0, n);
  text = trim(text.substr(n));
  return word;
}

// Takes <name> or "name" from the beginning of text; false when there is neither.
bool take_name(std::string_view text, Include& out) {
  text = trim(text);
  if (text.empty() || (text[0] != '"' && text[0] != '<')) return false;
  out.is_quoted = text[0] == '"';
  const std::size_t end = text.find(out.is_quoted ? '"' : '>', 1);
  if (end == std::string_view::npos || end == 1) return false;
  out.name = text.substr(1, end - 1);
  return true;
}

struct Directive {
  std::string_view word;
  bool is_next, is_text;
};
constexpr Directive kDirectives[] = {
    {"include", false, true},
    {"import", false, true},
    {"include_next", true, true},
    {"embed", false, false},
};
constexpr Directive kQuestions[] = {
    {"__has_include", false, true},
    {"__has_include_next", true, true},
    {"__has_embed", false, false},
};

void read_directive(std::string_view line, Includes& out) {
  std::string_view rest = line;
  const std::string_view word = take_word(rest);
  for (const Directive& d : kDirectives) {
    if (word != d.word) continue;
    Include include{{}, false, d.is_next, d.is_text};
    if (take_name(rest, include)) {
      out.includes.push_back(std::move(include));
    } else {
      out.computed = line;
    }
    return;
  }
  if (word != "if" && word != "elif") return;
  for (const Directive& d : kQuestions) {
    for (std::size_t at = line.find(d.word); at != std::string_view::npos;
         at = line.find(d.word, at + 1)) {
      std::string_view question = line.substr(at);
      if (take_word(question) != d.word || !question.starts_with('(')) continue;
      Include include{{}, false, d.is_next, d.is_text};
      if (take_name(question.substr(1), include)) {
        out.includes.push_back(std::move(include));
      } else {
        out.computed = line;
      }
    }
  }
}

}  // namespace

Includes find_includes(std::string_view text) {
  Includes out;
  const std::string plain = without_comments(text);
  for (std::string_view rest = plain; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t mark = line.starts_with('#') ? 1 : line.starts_with("%:") ? 2 : 0;
    if (mark > 0) read_directive(trim(line.substr(mark)), out);
  }
  return out;
}

}  // namespace deja::tool::exec
