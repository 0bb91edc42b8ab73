// SPDX-License-Identifier: Apache-2.0
// Tested by make_rules_test.cc.
#include "tool/exec/make_rules.h"

#include <algorithm>

namespace deja::tool::exec {
namespace {

// Reads one logical line of make at a time, word by word.
class Line {
 public:
  explicit Line(std::string_view& text) : text_(text) {}

  // The next word; ":" is a word of its own. Empty: the line has ended.
  std::string word() {
    skip_blanks();
    std::string out;
    while (!text_.empty() && !ends_word(out)) out += take();
    return out;
  }
  // Skips to the beginning of the next line.
  void end() {
    while (!word().empty()) {
    }
    if (text_.starts_with('#')) text_.remove_prefix(std::min(text_.find('\n'), text_.size()));
    if (!text_.empty()) text_.remove_prefix(1);
  }

 private:
  bool is_continuation() const { return text_.starts_with("\\\n") || text_.starts_with("\\\r\n"); }
  void skip_blanks() {
    for (;;) {
      if (text_.starts_with(' ') || text_.starts_with('\t') || text_.starts_with('\r')) {
        text_.remove_prefix(1);
      } else if (is_continuation()) {
        text_.remove_prefix(text_.find('\n') + 1);
      } else {
        return;
      }
    }
  }
  // A colon ends the targets when a blank or the end of line follows ("c:/x" is a name).
  bool is_separator() const {
    return text_.starts_with(':') &&
           (text_.size() == 1 || std::string_view(" \t\r\n\\").find(text_[1]) != text_.npos);
  }
  bool ends_word(const std::string& so_far) const {
    const char c = text_.front();
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '#' || is_continuation())
      return true;
    return so_far == ":" || (is_separator() && !so_far.empty());
  }
  char take() {
    // "\ " and "\#" stand for the character itself, "$$" for "$"; other backslashes are part of a
    // name.
    const bool is_quoted = text_.size() > 1 && text_[0] == '\\' &&
                           std::string_view(" #\\:").find(text_[1]) != std::string_view::npos;
    if (is_quoted || text_.starts_with("$$")) text_.remove_prefix(1);
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }

  std::string_view& text_;
};

}  // namespace

std::optional<std::vector<std::string>> prerequisites(std::string_view text) {
  std::vector<std::string> out;
  bool has_rule = false;
  while (!text.empty()) {
    Line line(text);
    bool is_after_colon = false;
    for (std::string word = line.word(); !word.empty(); word = line.word()) {
      if (word == ":") {
        is_after_colon = has_rule = true;
      } else if (is_after_colon) {
        out.push_back(std::move(word));
      }
    }
    line.end();
  }
  if (!has_rule) return std::nullopt;
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace deja::tool::exec
