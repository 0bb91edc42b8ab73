// SPDX-License-Identifier: Apache-2.0
// The forms of a report. Pure functions; their size depends on the summary's lists, not on the number of events.
#pragma once

#include <string>
#include <vector>

#include "report/summary.h"

namespace deja::report {

// What a report says of the present state, besides its events.
struct State {
  bool has_store = false;
  std::uint64_t store_bytes = 0, store_limit_bytes = 0, results = 0;
  std::vector<std::string> remotes;  // addresses without passwords
};

// "last build", "since 2 h", …
std::string as_text(const Summary& summary, const State& state, const std::string& title);
// The same as a GitHub-flavoured page, for the summary of a CI job.
std::string as_markdown(const Summary& summary, const State& state, const std::string& title);
// One page without any other file: charts are SVG inside it. Follows the reader's dark mode.
std::string as_html(const Summary& summary, const State& state, const std::string& title);
// One JSON object; "schema" is 1 and grows when a member changes its meaning.
std::string as_json(const Summary& summary, const State& state, const std::string& title);

}  // namespace deja::report
