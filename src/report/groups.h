// SPDX-License-Identifier: Apache-2.0
// Events added up by a name, and by session.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "journal/event.h"
#include "report/summary.h"

namespace deja::report {

struct Group {
  std::string name;
  std::int64_t begin_ns = 0, end_ns = 0;  // wall clock: begin of the first command, end of the last
  Totals totals;
};

// The groups in the order of their last event, the newest first. An event whose name is empty is in none.
std::vector<Group> group_by(const std::vector<journal::Event>& events,
                            const std::function<std::string(const journal::Event&)>& name_of);

// One group for each session (sessions.h), without a name, the newest first. events: oldest first.
std::vector<Group> group_by_session(const std::vector<journal::Event>& events);

}  // namespace deja::report
