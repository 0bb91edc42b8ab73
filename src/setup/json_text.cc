// SPDX-License-Identifier: Apache-2.0
#include "setup/json_text.h"

namespace deja::setup {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  const std::size_t next = text.find_first_not_of(kBlanks, at);
  return next == std::string_view::npos ? text.size() : next;
}

// at: the opening quote. The offset behind the closing one.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return at < text.size() ? at + 1 : text.size();
}

std::size_t value_end(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  if (text[at] == '"') return string_end(text, at);
  if (text[at] != '{' && text[at] != '[') {
    const std::size_t end = text.find_first_of(",]} \t\r\n", at);
    return end == std::string_view::npos ? text.size() : end;
  }
  int depth = 0;
  while (at < text.size()) {
    if (text[at] == '"') {
      at = string_end(text, at);
      continue;
    }
    if (text[at] == '{' || text[at] == '[') ++depth;
    if (text[at] == '}' || text[at] == ']') --depth;
    ++at;
    if (depth == 0) return at;
  }
  return text.size();
}

}  // namespace

JsonSpan json_root(std::string_view text) {
  const std::size_t begin = skip_blanks(text, 0);
  return {begin, value_end(text, begin)};
}

std::optional<JsonSpan> json_member(std::string_view text, JsonSpan object, std::string_view name) {
  std::optional<JsonSpan> found;
  std::size_t at = skip_blanks(text, object.begin + 1);
  while (at + 1 < object.end) {
    const std::size_t name_end = string_end(text, at);
    const std::string_view this_name = text.substr(at + 1, name_end - at - 2);
    const std::size_t begin = skip_blanks(text, skip_blanks(text, name_end) + 1);
    const std::size_t end = value_end(text, begin);
    if (this_name == name) found = JsonSpan{begin, end};
    at = skip_blanks(text, end);
    if (at < object.end && text[at] == ',') at = skip_blanks(text, at + 1);
  }
  return found;
}

std::vector<JsonSpan> json_elements(std::string_view text, JsonSpan array) {
  std::vector<JsonSpan> found;
  std::size_t at = skip_blanks(text, array.begin + 1);
  while (at + 1 < array.end) {
    const std::size_t end = value_end(text, at);
    found.push_back({at, end});
    at = skip_blanks(text, end);
    if (at < array.end && text[at] == ',') at = skip_blanks(text, at + 1);
  }
  return found;
}

}  // namespace deja::setup
