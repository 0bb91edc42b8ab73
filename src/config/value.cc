// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <array>
#include <charconv>

#include "base/unit_text.h"

namespace deja::config {
namespace {

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

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

constexpr std::array<Unit, 4> kSecondUnits = {{{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}}};

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  text = trim(text);
  if (text.size() > 1 && (text.back() == 'b' || text.back() == 'B')) text.remove_suffix(1);
  return parse_with_unit(text, kSizeUnits);
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
  constexpr std::uint64_t kSecondNs = 1'000'000'000;
  const auto ns = parse_duration_ns(text);
  if (!ns || (*ns != 0 && *ns < kSecondNs)) return std::nullopt;
  return *ns / kSecondNs;
}

std::string format_duration(std::uint64_t seconds) {
  return format_with_unit(seconds, kSecondUnits);
}

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
