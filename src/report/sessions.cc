// SPDX-License-Identifier: Apache-2.0
#include "report/sessions.h"

#include <time.h>

#include <algorithm>
#include <array>

#include "base/path.h"
#include "report/summary.h"

namespace deja::report {

std::string Session::id() const {
  const auto seconds = static_cast<time_t>(begin_ns / 1'000'000'000);
  struct tm parts = {};
  ::localtime_r(&seconds, &parts);
  std::array<char, 32> text;
  return {text.data(), ::strftime(text.data(), text.size(), "%Y%m%d-%H%M%S", &parts)};
}

bool SessionSplitter::add(const journal::Event& event) {
  const bool is_new = sessions_.empty() || event.time_ns < sessions_.back().begin_ns - kPauseNs;
  if (is_new)
    sessions_.push_back(
        {.begin_ns = begin_of(event), .end_ns = event.time_ns, .directory = event.cwd});
  Session& session = sessions_.back();
  session.begin_ns = std::min(session.begin_ns, begin_of(event));
  session.end_ns = std::max(session.end_ns, event.time_ns);
  if (!is_within(event.cwd, session.directory))
    session.directory = common_ancestor(session.directory, event.cwd);
  ++session.commands;
  session.hits += event.outcome == journal::Outcome::hit ? 1 : 0;
  session.misses += event.outcome == journal::Outcome::miss ? 1 : 0;
  return is_new && sessions_.size() > 1;
}

}  // namespace deja::report
