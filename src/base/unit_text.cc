// SPDX-License-Identifier: Apache-2.0
// Tested by unit_text_test.cc.
#include "base/unit_text.h"

#include <charconv>
#include <limits>

#include "base/lower_case.h"

namespace deja {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr Unit kTimeUnits[] = {
    {"d", 86400 * kSecond}, {"h", 3600 * kSecond}, {"m", 60 * kSecond},
    {"s", kSecond},         {"", kSecond},         {"ms", 1'000'000},
};

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  const std::string small = lower_case(trim(text));
  std::uint64_t whole = 0;
  const auto [after, error] = std::from_chars(small.data(), small.data() + small.size(), whole);
  if (error != std::errc()) return std::nullopt;
  std::string_view rest(after, static_cast<std::size_t>(small.data() + small.size() - after));

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

std::string format_with_unit(std::uint64_t value, std::span<const Unit> units) {
  std::string best = std::to_string(value);
  if (value == 0) return best;
  for (const Unit& unit : units) {
    if (value % unit.factor != 0) continue;
    std::string text = std::to_string(value / unit.factor).append(unit.name);
    if (text.size() < best.size()) best = std::move(text);
  }
  return best;
}

std::optional<std::uint64_t> parse_duration_ns(std::string_view text) {
  return parse_with_unit(text, kTimeUnits);
}

}  // namespace deja
