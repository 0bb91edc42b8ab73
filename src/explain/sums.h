// SPDX-License-Identifier: Apache-2.0
// Events, counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "journal/event.h"

namespace deja::explain {

struct Sums {
  std::size_t hits = 0, misses = 0, bypasses = 0, failures = 0;
  std::size_t remote_hits = 0;  // of the hits
  std::size_t not_stored = 0;   // runs of which nothing was kept
  std::uint64_t cost_us = 0;    // of tools that ran
  std::uint64_t saved_us = 0;   // of tools that did not

  void add(const journal::Event& event);
  std::size_t commands() const { return hits + misses + bypasses + failures; }
};

struct Group {
  std::string name;
  std::int64_t first_ns = 0,
               last_ns = 0;  // wall clock: start of the first command, end of the last
  Sums sums;
};

// The groups in the order of their last event, the newest first. An event whose name is empty is in none.
std::vector<Group> group_by(const std::vector<journal::Event>& events,
                            const std::function<std::string(const journal::Event&)>& name_of);

// One group for each session (report/sessions.h), without a name, the newest first.
std::vector<Group> group_by_session(const std::vector<journal::Event>& events);

}  // namespace deja::explain
