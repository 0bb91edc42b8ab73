// SPDX-License-Identifier: Apache-2.0
#include "report/format.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace deja::report {
namespace {

// Counts characters, not bytes: UTF-8 continuation bytes take no column.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::string human_age(std::int64_t age_ns) {
  const std::int64_t s = age_ns / kNsPerSecond;
  if (s < 1) return "just now";
  if (s < 60) return fmt::format("{} s ago", s);
  if (s < 3600) return fmt::format("{} min ago", s / 60);
  if (s < 86400) return fmt::format("{} h ago", s / 3600);
  return fmt::format("{} d ago", s / 86400);
}

std::string local_time(std::int64_t wall_ns) {
  const auto s = static_cast<time_t>(wall_ns / kNsPerSecond);
  struct tm parts = {};
  ::localtime_r(&s, &parts);
  std::array<char, 64> text;
  const std::size_t n = ::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return {text.data(), n};
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "";
  return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string counted(std::uint64_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

double seconds(std::int64_t wall_ns) {
  return std::round(static_cast<double>(wall_ns) / 1e3) / 1e6;
}

std::string printable(std::string_view text) {
  std::string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(out[i]);
    // U+0080 to U+009F, the second set of control characters, is 0xc2 0x80 to 0xc2 0x9f in UTF-8.
    const bool second_set = byte >= 0x80 && byte <= 0x9f && i > 0 && out[i - 1] == '\xc2';
    if (second_set) out[i - 1] = '?';
    if (second_set || byte < ' ' || byte == 0x7f) out[i] = '?';
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t max) {
  if (width(text) <= max) return std::string(text);
  const auto is_start = [&](std::size_t at) {
    return at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
  };
  std::size_t head = max / 3;
  std::size_t tail = text.size() - (max - head - 1);
  while (head > 0 && !is_start(head)) --head;
  while (!is_start(tail)) ++tail;
  return std::string(text.substr(0, head)) + "…" + std::string(text.substr(tail));
}

std::string Table::text(std::string_view indent) const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i + 1 < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    out.append(indent);
    for (std::size_t i = 0; i < row.size(); ++i) {
      out.append(row[i]);
      if (i + 1 < row.size()) out.append(widths[i] - width(row[i]) + 2, ' ');
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out.push_back('\n');
  }
  return out;
}

}  // namespace deja::report
