#include "config/value.h"

#include <array>
#include <charconv>
#include <limits>

namespace deja::config {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 9> kSizeUnits = {{
    {"ti", 1ULL << 40},
    {"t", 1'000'000'000'000},
    {"gi", 1ULL << 30},
    {"g", 1'000'000'000},
    {"mi", 1ULL << 20},
    {"m", 1'000'000},
    {"ki", 1ULL << 10},
    {"k", 1'000},
    {"", 1},
}};

constexpr std::array<Unit, 5> kTimeUnits = {{
    {"d", 86400},
    {"h", 3600},
    {"m", 60},
    {"s", 1},
    {"", 1},
}};

// digits [ "." digits ] unit; a fraction is allowed as long as the result is a whole number of
// the smallest unit when rounded down.
template <std::size_t N>
std::optional<std::uint64_t> parse_with_unit(std::string_view text,
                                             const std::array<Unit, N>& units) {
  std::uint64_t whole = 0;
  const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (error != std::errc()) return std::nullopt;
  std::string_view rest = text.substr(static_cast<std::size_t>(after - text.data()));

  double fraction = 0;
  if (rest.starts_with('.')) {
    double scale = 0.1;
    rest.remove_prefix(1);
    if (rest.empty() || rest.front() < '0' || rest.front() > '9') return std::nullopt;
    for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; rest.remove_prefix(1)) {
      fraction += (rest.front() - '0') * scale;
      scale /= 10;
    }
  }

  for (const Unit& unit : units) {
    if (trim(rest) != unit.name) continue;
    if (whole > kMax / unit.factor) return std::nullopt;
    const auto part =
        static_cast<std::uint64_t>(fraction * static_cast<double>(unit.factor) + 1e-6);
    const std::uint64_t value = whole * unit.factor;
    return value > kMax - part ? std::nullopt : std::optional(value + part);
  }
  return std::nullopt;
}

template <std::size_t N>
std::string format_with_unit(std::uint64_t value, const std::array<Unit, N>& units) {
  std::string best = std::to_string(value);
  if (value == 0) return best;
  for (const Unit& unit : units) {
    if (value % unit.factor != 0) continue;
    std::string text = std::to_string(value / unit.factor).append(unit.name);
    if (text.size() < best.size()) best = std::move(text);
  }
  return best;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::string small = lower(trim(text));
  if (small.size() > 1 && small.back() == 'b') small.pop_back();
  return parse_with_unit(small, kSizeUnits);
}

std::string format_size(std::uint64_t bytes) {
  std::string text = format_with_unit(bytes, kSizeUnits);
  for (char& c : text)
    if (c == 'm' || c == 'g' || c == 't') c = static_cast<char>(c - 'a' + 'A');
  const std::size_t ki = text.find("ki");
  if (ki != std::string::npos) text[ki] = 'K';
  return text;
}

std::optional<std::uint64_t> parse_duration(std::string_view text) {
  return parse_with_unit(lower(trim(text)), kTimeUnits);
}

std::string format_duration(std::uint64_t seconds) { return format_with_unit(seconds, kTimeUnits); }

std::optional<double> parse_rate(std::string_view text) {
  double rate = -1;
  const std::string_view trimmed = trim(text);
  const auto [after, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), rate,
                                              std::chars_format::fixed);
  if (error != std::errc() || after != trimmed.data() + trimmed.size() || !(rate >= 0 && rate <= 1))
    return std::nullopt;
  return rate;
}

std::string format_rate(double rate) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof(text), rate);
  return error == std::errc() ? std::string(text, end) : "0";
}

std::optional<bool> parse_bool(std::string_view text) {
  const std::string small = lower(trim(text));
  if (small == "1" || small == "true" || small == "yes" || small == "on") return true;
  if (small == "0" || small == "false" || small == "no" || small == "off") return false;
  return std::nullopt;
}

std::vector<std::string> split_list(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t at = text.find(separator);
    const std::string_view part = trim(text.substr(0, at));
    if (!part.empty()) out.emplace_back(part);
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

}  // namespace deja::config
