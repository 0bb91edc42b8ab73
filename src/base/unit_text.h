// SPDX-License-Identifier: Apache-2.0
// Numbers with units as users write them, in files, variables and options.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace deja {

struct Unit {
  std::string_view name;  // lower case
  std::uint64_t factor;
};

// digits [ "." digits ] [ blanks ] unit, for example "1.5 k". Case and blanks around the text do not
// matter, and the result is rounded down. Empty when the text has another form, or the result does
// not fit 64 bits.
std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units);

// Exact and as short as possible; units: the one with the largest factor first.
std::string format_with_unit(std::uint64_t value, std::span<const Unit> units);

// "90", "1.5s", "10m", "12h", "7d", "250ms": nanoseconds.
std::optional<std::uint64_t> parse_duration_ns(std::string_view text);

}  // namespace deja
