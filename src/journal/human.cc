// SPDX-License-Identifier: Apache-2.0
// Tested by cli/format_test.cc.
#include "journal/human.h"

#include <array>
#include <charconv>
#include <string_view>

namespace deja::journal {
namespace {

// With one digit after the point.
std::string with_tenth(double value, std::string_view unit) {
  char digits[32];
  const auto end =
      std::to_chars(digits, digits + sizeof(digits), value, std::chars_format::fixed, 1).ptr;
  return std::string(digits, end).append(" ").append(unit);
}

}  // namespace

std::string human_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return with_tenth(value, kUnits[unit]);
}

std::string human_elapsed(std::uint64_t us) {
  const double s = static_cast<double>(us) / 1e6;
  if (us < 1000) return std::to_string(us) + " µs";
  if (s < 1) return with_tenth(s * 1000, "ms");
  if (s < 60) return with_tenth(s, "s");
  const std::uint64_t whole = us / 1'000'000;
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
}

}  // namespace deja::journal
