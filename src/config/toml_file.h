// A TOML file as a flat list of settings. The only file of the room that knows toml++.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace deja::config {

// What a file or a variable says, before anybody asked whether it makes sense. A list holds texts
// only; `Other` is everything no setting takes (dates, floats, lists of other things).
struct Other {};
using Raw = std::variant<bool, std::int64_t, std::string, std::vector<std::string>, Other>;

struct FileEntry {
  std::string key;  // dotted: "store.limit"
  Raw value;
  std::uint32_t line = 0;
};

// Broken text gives no entries and one problem.
std::vector<FileEntry> parse_toml(std::string_view text, const std::string& path,
                                  std::vector<Problem>& problems);

}  // namespace deja::config
