// SPDX-License-Identifier: Apache-2.0
// One pass per reading. A text without doubtful places is read once; each doubtful construct that
// is met adds readings, at most sixteen. Tested by source_regions_test.cc.
#include "tool/source_regions.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace deja::tool {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view skip_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view take_word(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && is_word_char(text[n])) ++n;
  const std::string_view word = text.substr(0, n);
  text = skip_blanks(text.substr(n));
  return word;
}

bool is_include(std::string_view word) {
  static constexpr std::string_view kWords[] = {"include", "include_next", "import", "embed"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

// The position after a newline at `at` that a backslash continues; npos: there is no such newline.
std::size_t end_of_splice(std::string_view bytes, std::size_t at) {
  if (bytes[at] != '\\') return std::string_view::npos;
  const std::size_t end = bytes.find_first_not_of(" \t\r\f\v", at + 1);
  return end != bytes.npos && bytes[end] == '\n' ? end + 1 : std::string_view::npos;
}

// "/" and "*", or two slashes, can be split over two lines, and a trigraph can be the backslash
// between them.
bool hides_marks(std::string_view bytes) {
  const auto is_mark = [](char c) { return c == '/' || c == '*'; };
  if (bytes.find("?\?/") != bytes.npos) return true;
  for (std::size_t at = bytes.find('\\'); at != bytes.npos; at = bytes.find('\\', at + 1)) {
    if (at == 0 || !is_mark(bytes[at - 1])) continue;
    std::size_t next = end_of_splice(bytes, at), end = next;
    while (next < bytes.size()) {
      end = next;
      next = end_of_splice(bytes, next);
    }
    if (end < bytes.size() && is_mark(bytes[end])) return true;
  }
  return false;
}

enum class WithNdebug { taken, dead, unknown };

// Takes "defined(X)" or "defined X" from text and returns X. Empty: there is no such test.
std::string_view take_defined(std::string_view& text) {
  if (take_word(text) != "defined") return {};
  const bool has_parenthesis = text.starts_with('(');
  if (has_parenthesis) text = skip_blanks(text.substr(1));
  const std::string_view name = take_word(text);
  if (!has_parenthesis) return name;
  if (!text.starts_with(')')) return {};
  text = skip_blanks(text.substr(1));
  return name;
}

// Only comments follow on the line. (A comment that continues on the next line counts as something
// else.)
bool ends_condition(std::string_view text) {
  while (text.starts_with("/*")) {
    const std::size_t close = text.find("*/", 2);
    if (close == text.npos) return false;
    if (text.substr(0, close).find('\n') != text.npos) return false;
    text = skip_blanks(text.substr(close + 2));
  }
  return text.empty() || text.starts_with('\n') || text.starts_with("\r\n") ||
         (text.starts_with("//") && !text.starts_with("//*"));
}

// Are these tests whether a macro is defined, each after the operator? (Any other word may be a
// macro that contains another operator.)
bool joins_questions_only(std::string_view text, std::string_view join) {
  while (!ends_condition(text)) {
    if (!text.starts_with(join)) return false;
    text = skip_blanks(text.substr(join.size()));
    if (text.starts_with('!')) text = skip_blanks(text.substr(1));
    if (take_defined(text).empty()) return false;
  }
  return true;
}

// What happens to a branch when NDEBUG is defined.
WithNdebug judge(std::string_view word, std::string_view condition) {
  if (word == "ifdef" || word == "ifndef") {
    if (take_word(condition) != "NDEBUG" || !ends_condition(condition)) return WithNdebug::unknown;
    return word == "ifdef" ? WithNdebug::taken : WithNdebug::dead;
  }
  if (word != "if") return WithNdebug::unknown;
  const bool is_negated = condition.starts_with('!');
  if (is_negated) condition = skip_blanks(condition.substr(1));
  if (take_defined(condition) != "NDEBUG") return WithNdebug::unknown;
  // "!defined(NDEBUG) && defined(X)" cannot be taken; "defined(NDEBUG) || defined(X)" must be.
  if (!joins_questions_only(condition, is_negated ? "&&" : "||")) return WithNdebug::unknown;
  return is_negated ? WithNdebug::dead : WithNdebug::taken;
}

bool spells_hash_otherwise(std::string_view text) {
  return text.starts_with("%:") || text.starts_with("?\?=");
}

}  // namespace

SourceRegions::SourceRegions(std::string_view bytes) : bytes_(bytes) {
  if (hides_marks(bytes)) return;
  read();
  unsigned done = 1;  // bit n: reading n
  for (unsigned n = 1; n < kReadings; ++n) {
    if ((n & ~met_) != 0 || (done >> n & 1) != 0) continue;
    const auto comments = std::exchange(comments_, {}), debugging = std::exchange(debugging_, {});
    open_.clear();
    reading_ = n;
    read();
    comments_ = in_both(comments, comments_);
    debugging_ = in_both(debugging, debugging_);
    done |= 1u << n;
    n = 0;  // start again: more bits may have been met
  }
  if (has_odd_directive_) debugging_.clear();
}

void SourceRegions::read() {
  bool at_line_begin = true;
  for (std::size_t at = 0; at < bytes_.size();) {
    if (begins_comment(at)) {
      at = skip_comment(at);
      continue;
    }
    if (const std::size_t next = end_of_splice(bytes_, at); next != bytes_.npos) {
      at = next;
      continue;
    }
    const char c = bytes_[at];
    if (at_line_begin && c == '#') {
      at = directive(at);
    } else if (begins_literal(at)) {
      at = is_raw_string(at) ? skip_raw_string(at) : skip_literal(at);
    } else {
      has_odd_directive_ |= at_line_begin && spells_hash_otherwise(bytes_.substr(at));
      ++at;
    }
    if (!is_blank(c)) at_line_begin = c == '\n';
  }
}

bool SourceRegions::begins_comment(std::size_t at) {
  const std::string_view rest = bytes_.substr(at);
  if (rest.starts_with("//*") && is_read_as(kStarAfterSlashes)) return false;
  return rest.starts_with("//") || rest.starts_with("/*");
}

bool SourceRegions::begins_literal(std::size_t at) {
  return bytes_[at] == '"' || (bytes_[at] == '\'' && !is_digit_separator(at));
}

bool SourceRegions::holds(const std::vector<Region>& regions, std::size_t at) {
  return std::any_of(regions.begin(), regions.end(),
                     [&](const Region& r) { return r.begin <= at && at < r.end; });
}

// Both lists are sorted, and the regions of one list do not touch.
std::vector<SourceRegions::Region> SourceRegions::in_both(const std::vector<Region>& a,
                                                          const std::vector<Region>& b) {
  std::vector<Region> both;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const Region common = {std::max(a[i].begin, b[j].begin), std::min(a[i].end, b[j].end)};
    if (common.begin < common.end) both.push_back(common);
    a[i].end < b[j].end ? ++i : ++j;
  }
  return both;
}

// The newline that ends a line comment is not part of it; a backslash before it continues the
// comment.
std::size_t SourceRegions::skip_comment(std::size_t at) {
  std::size_t end = at + 2;
  if (bytes_[at + 1] == '*') {
    const std::size_t close = bytes_.find("*/", end);
    // A comment without an end would not compile.
    if (close == std::string_view::npos) return end;
    end = close + 2;
  } else {
    while (end < bytes_.size() && bytes_[end] != '\n') end += bytes_[end] == '\\' ? 2 : 1;
    end = std::min(end, bytes_.size());
  }
  comments_.push_back({at, end});
  return end;
}

// A literal that is not closed ends with its line.
std::size_t SourceRegions::skip_literal(std::size_t at) const {
  const char quote = bytes_[at];
  for (++at; at < bytes_.size() && bytes_[at] != '\n'; ++at) {
    if (bytes_[at] == quote) return at + 1;
    if (bytes_[at] == '\\') ++at;
  }
  return std::min(at, bytes_.size());
}

bool SourceRegions::is_raw_string(std::size_t quote) {
  if (bytes_[quote] != '"') return false;
  std::size_t from = quote;
  while (from > 0 && is_word_char(bytes_[from - 1])) --from;
  const std::string_view prefix = bytes_.substr(from, quote - from);
  static constexpr std::string_view kPrefixes[] = {"R", "LR", "uR", "UR", "u8R"};
  return std::find(std::begin(kPrefixes), std::end(kPrefixes), prefix) != std::end(kPrefixes) &&
         !is_read_as(kNoRawStrings);
}

std::size_t SourceRegions::skip_raw_string(std::size_t at) const {
  const std::size_t open = bytes_.find('(', at);
  if (open == std::string_view::npos) return bytes_.size();
  std::string close(")");
  close.append(bytes_.substr(at + 1, open - at - 1)).push_back('"');
  const std::size_t end = bytes_.find(close, open);
  return end == std::string_view::npos ? bytes_.size() : end + close.size();
}

// "1'000", but not "L'x'".
bool SourceRegions::is_digit_separator(std::size_t at) {
  std::size_t from = at;
  while (from > 0 && (is_word_char(bytes_[from - 1]) || bytes_[from - 1] == '\'')) --from;
  return from < at && bytes_[from] >= '0' && bytes_[from] <= '9' && !is_read_as(kNoSeparators);
}

// at: the '#'. Returns the end of the directive's name; the rest is read as text.
std::size_t SourceRegions::directive(std::size_t at) {
  std::string_view rest = skip_blanks(bytes_.substr(at + 1));
  const std::string_view word = take_word(rest);
  const auto end = static_cast<std::size_t>(word.data() - bytes_.data()) + word.size();
  // The directive may continue over several lines, or contain a comment.
  const char after = end < bytes_.size() ? bytes_[end] : '\n';
  if (after == '\\' || after == '?' || (word.empty() && after == '/')) has_odd_directive_ = true;
  if (word == "if" || word == "ifdef" || word == "ifndef") {
    open_.emplace_back();
    begin_branch(word, rest, end);
  } else if ((word == "else" || word.starts_with("elif")) && !open_.empty()) {
    end_branch(at);
    begin_branch(word, rest, end);
  } else if (word == "endif" && !open_.empty()) {
    end_branch(at);
    open_.pop_back();
  } else if (is_include(word) && rest.starts_with('<')) {
    const std::string_view name = rest.substr(0, rest.find_first_of(">\n"));
    const bool looks_like_comment = name.find("/*") != name.npos || name.find("//") != name.npos;
    if (looks_like_comment && !is_read_as(kNoHeaderNames))
      return static_cast<std::size_t>(name.data() - bytes_.data()) + name.size();
  }
  return std::max(end, at + 1);
}

void SourceRegions::begin_branch(std::string_view word, std::string_view condition,
                                 std::size_t at) {
  Conditional& now = open_.back();
  const WithNdebug with_ndebug = judge(word, condition);
  now.is_dead = now.ends_with_ndebug || with_ndebug == WithNdebug::dead;
  now.ends_with_ndebug |= with_ndebug == WithNdebug::taken;
  now.begin = at;
}

void SourceRegions::end_branch(std::size_t at) {
  if (open_.back().is_dead) debugging_.push_back({open_.back().begin, at});
}

}  // namespace deja::tool
