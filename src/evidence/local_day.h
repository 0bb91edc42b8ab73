// SPDX-License-Identifier: Apache-2.0
// The day on which a compiler wrote the date, as a claim that can be checked again. When midnight
// is comes from the compiler's own libc (DEJA_OP_DAY), so no time zone is looked up here: TZ is in
// every key, and the file that describes the zone is an input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace deja::evidence {

struct LocalDay {
  std::int64_t begin_s = 0;  // since the epoch; it lasts 24 hours
  std::int32_t ahead_s = 0;  // of UTC, all day
};

// Is it that day now?
bool covers(const LocalDay& day, std::int64_t now_ns);
// The value of Claim::date: "2026-11-29 1795910400".
std::string day_text(const LocalDay& day);
// Whether it is the day of such a text.
bool is_day(std::string_view text, std::int64_t now_ns);

}  // namespace deja::evidence
