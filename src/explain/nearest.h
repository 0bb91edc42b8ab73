// SPDX-License-Identifier: Apache-2.0
// The command before that is nearest to a new one. Nearest, not newest: a run with another flag is not explained by a
// variable.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "explain/key_difference.h"
#include "journal/key_log.h"

namespace deja::explain {

// Empty: nothing is near.
struct Nearest {
  std::optional<journal::KeyRecord> command;  // an older one, with another key
  std::vector<Difference> differences;        // in what the asked one differs from it
};

// The key log in memory: up to 16 MiB of text.
class KeyHistory {
 public:
  // journal_dir: of the cache.
  static Result<KeyHistory> read(const std::string& journal_dir);

  // For the command with this key that was new at or before this time. Of equally near ones the newest. Commands on
  // the same source are preferred; where there are none, the newest few hundred of the same tool are compared.
  Nearest find(const std::string& probe_key, std::int64_t before_ns) const;

  // The newest record whose key begins with these hex digits; null: none.
  const journal::KeyRecord* find_key(const std::string& prefix) const;

 private:
  using Indexes = std::vector<std::size_t>;
  void compare(const Indexes& candidates, std::size_t asked, std::size_t count,
               unsigned distance_max, bool only_same_kind, Nearest& best) const;

  std::vector<journal::KeyRecord> records_;             // oldest first
  std::map<std::string, Indexes> by_source_, by_tool_;  // by names without directories
};

}  // namespace deja::explain
