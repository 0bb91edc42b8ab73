// SPDX-License-Identifier: Apache-2.0
// A TOML file as a flat list of settings. No other file of the module includes toml++.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace deja::config {

// The unchecked value from a file or a variable. A list holds only texts; `Other` is every type
// that no setting takes (dates, floats, other lists).
struct Other {};
using Raw = std::variant<bool, std::int64_t, std::string, std::vector<std::string>, Other>;

struct FileEntry {
  std::string key;  // dotted: "store.limit"
  Raw value;
  std::uint32_t line = 0;
};

// A file with a syntax error gives no entries and one problem.
std::vector<FileEntry> parse_toml(std::string_view text, const std::string& path,
                                  std::vector<Problem>& problems);

}  // namespace deja::config
