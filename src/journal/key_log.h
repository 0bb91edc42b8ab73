// SPDX-License-Identifier: Apache-2.0
// What the keys of commands were made of, so that `deja why` can compare a command that was not known with
// the nearest one that was. One line of JSON for each command that was new:
//
//   {"time":1756029600.1,"probe_key":"…","tool":"…","what":"…","cwd":"…","fields":[["argument","-O2"],…]}
//
// <dir>/journal/keys.jsonl; at 8 MiB it becomes keys.1.jsonl. Any number of processes append; each line is one
// write(2). Values that may be secret are digests already (action/recipe.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace deja::journal {

inline constexpr const char* kKeysFile = "keys.jsonl";
inline constexpr const char* kOlderKeysFile = "keys.1.jsonl";
// Longer lines are not written: nobody reads a difference in thousands of arguments.
inline constexpr std::size_t kKeyLineMax = 256 << 10;

struct KeyRecord {
  std::int64_t time_ns = 0;
  std::string probe_key;  // hex
  std::string tool, what, cwd;
  std::vector<std::pair<std::string, std::string>>
      fields;  // name and value, in the order of the recipe
};

// dir: the journal's directory, which exists.
Status append_key(const std::string& dir, const KeyRecord& record,
                  std::uint64_t rotate_bytes = 8 << 20);

// Calls take() for each record, oldest first. Skips lines that are none. Without a log there are none.
Status read_keys(const std::string& dir, const std::function<void(KeyRecord)>& take);

}  // namespace deja::journal
