// SPDX-License-Identifier: Apache-2.0
// Values of settings as users write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deja::config {

// "500M", "10G", "1.5Ti", "4096": k M G T are powers of 1000, Ki Mi Gi Ti of 1024; a final B is
// ignored, and case does not matter. Empty when the text is not a size or does not fit 64 bits.
std::optional<std::uint64_t> parse_size(std::string_view text);
// Exact, the shortest of the forms above: parse_size(format_size(n)) == n.
std::string format_size(std::uint64_t bytes);

// Whole seconds: "90", "90s", "15m", "3h", "2d"; a fraction of a second is dropped, but less than one
// second is not accepted, because 0 often means "never".
std::optional<std::uint64_t> parse_duration(std::string_view text);
std::string format_duration(std::uint64_t seconds);

// "0.05", "1", "0": from 0 to 1.
std::optional<double> parse_rate(std::string_view text);
std::string format_rate(double rate);

// The parts between separators, trimmed, without empty ones.
std::vector<std::string> split_list(std::string_view text, char separator);

}  // namespace deja::config
