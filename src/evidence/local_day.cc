// SPDX-License-Identifier: Apache-2.0
// Tested by local_day_test.cc.
#include "evidence/local_day.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace deja::evidence {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kDay = 24 * 60 * 60;

}  // namespace

bool covers(const LocalDay& day, std::int64_t now_ns) {
  const std::int64_t now_s = now_ns / kSecond;
  return day.begin_s <= now_s && day.begin_s > now_s - kDay;
}

std::string day_text(const LocalDay& day) {
  const std::chrono::sys_seconds shown{std::chrono::seconds(day.begin_s + day.ahead_s)};
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(shown));
  std::array<char, 64> text = {};
  const int size =
      std::snprintf(text.data(), text.size(), "%d-%02u-%02u %lld", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<long long>(day.begin_s));
  return {text.data(), static_cast<std::size_t>(size)};
}

bool is_day(std::string_view text, std::int64_t now_ns) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view number = text.substr(space + 1);
  LocalDay day;
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), day.begin_s);
  return error == std::errc() && end == number.data() + number.size() && covers(day, now_ns);
}

}  // namespace deja::evidence
