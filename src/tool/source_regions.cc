// Tested by source_regions_test.cc.
#include "tool/source_regions.h"

#include <algorithm>

namespace deja::tool {
namespace {

bool is_word_char(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
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

enum class WithNdebug { taken, dead, unknown };

// "defined(NDEBUG)" or "defined NDEBUG"; what follows is left in text.
bool take_defined_ndebug(std::string_view& text) {
  if (take_word(text) != "defined") return false;
  const bool has_parenthesis = text.starts_with('(');
  if (has_parenthesis) text = skip_blanks(text.substr(1));
  if (take_word(text) != "NDEBUG") return false;
  if (!has_parenthesis) return true;
  if (!text.starts_with(')')) return false;
  text = skip_blanks(text.substr(1));
  return true;
}

bool ends_condition(std::string_view text) {
  return text.empty() || text.starts_with('\n') || text.starts_with('\r') ||
         text.starts_with("//") || text.starts_with("/*");
}

// What becomes of a branch when NDEBUG is defined.
WithNdebug judge(std::string_view word, std::string_view condition) {
  if (word == "ifdef" || word == "ifndef") {
    if (take_word(condition) != "NDEBUG" || !ends_condition(condition)) return WithNdebug::unknown;
    return word == "ifdef" ? WithNdebug::taken : WithNdebug::dead;
  }
  if (word != "if") return WithNdebug::unknown;
  const bool is_negated = condition.starts_with('!');
  if (is_negated) condition = skip_blanks(condition.substr(1));
  if (!take_defined_ndebug(condition)) return WithNdebug::unknown;
  if (!ends_condition(condition)) {
    // "!defined(NDEBUG) && x" cannot be taken, "defined(NDEBUG) || x" must be.
    const std::string_view all = is_negated ? "&&" : "||";
    const std::string_view other = is_negated ? "||" : "&&";
    const std::string_view line = condition.substr(0, condition.find('\n'));
    const bool is_sure = condition.starts_with(all) && line.find(other) == line.npos &&
                         line.find('?') == line.npos && !line.ends_with('\\');
    if (!is_sure) return WithNdebug::unknown;
  }
  return is_negated ? WithNdebug::dead : WithNdebug::taken;
}

}  // namespace

SourceRegions::SourceRegions(std::string_view bytes) : bytes_(bytes) {
  bool at_line_begin = true;
  for (std::size_t at = 0; at < bytes_.size();) {
    const char c = bytes_[at];
    const std::string_view rest = bytes_.substr(at);
    if (rest.starts_with("//") || rest.starts_with("/*")) {
      at = skip_comment(at);
    } else if (c == '"') {
      at = is_raw_string(at) ? skip_raw_string(at) : skip_literal(at);
      at_line_begin = false;
    } else if (c == '\'' && !is_digit_separator(at)) {
      at = skip_literal(at);
      at_line_begin = false;
    } else if (c == '#' && at_line_begin) {
      at = directive(at);
      at_line_begin = false;
    } else {
      if (!is_blank(c)) at_line_begin = c == '\n';
      ++at;
    }
  }
}

bool SourceRegions::holds(const std::vector<Region>& regions, std::size_t at) {
  return std::any_of(regions.begin(), regions.end(),
                     [&](const Region& r) { return r.begin <= at && at < r.end; });
}

// The newline that ends a line comment is not part of it; a backslash before it makes it go on.
std::size_t SourceRegions::skip_comment(std::size_t at) {
  std::size_t end = at + 2;
  if (bytes_[at + 1] == '*') {
    const std::size_t close = bytes_.find("*/", end);
    // Without an end it is none that a compiler would take.
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

bool SourceRegions::is_raw_string(std::size_t quote) const {
  std::size_t from = quote;
  while (from > 0 && is_word_char(bytes_[from - 1])) --from;
  const std::string_view prefix = bytes_.substr(from, quote - from);
  static constexpr std::string_view kPrefixes[] = {"R", "LR", "uR", "UR", "u8R"};
  return std::find(std::begin(kPrefixes), std::end(kPrefixes), prefix) != std::end(kPrefixes);
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
bool SourceRegions::is_digit_separator(std::size_t at) const {
  std::size_t from = at;
  while (from > 0 && (is_word_char(bytes_[from - 1]) || bytes_[from - 1] == '\'')) --from;
  return from < at && bytes_[from] >= '0' && bytes_[from] <= '9';
}

// at: the '#'. Returns the end of its word; what follows is read as text.
std::size_t SourceRegions::directive(std::size_t at) {
  std::string_view rest = skip_blanks(bytes_.substr(at + 1));
  const std::string_view word = take_word(rest);
  const auto end = static_cast<std::size_t>(word.data() - bytes_.data()) + word.size();
  if (word == "if" || word == "ifdef" || word == "ifndef") {
    open_.emplace_back();
    begin_branch(word, rest, end);
  } else if ((word == "else" || word.starts_with("elif")) && !open_.empty()) {
    end_branch(at);
    begin_branch(word, rest, end);
  } else if (word == "endif" && !open_.empty()) {
    end_branch(at);
    open_.pop_back();
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
