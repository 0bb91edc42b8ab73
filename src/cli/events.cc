// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <thread>

#include "cli/context.h"
#include "cli/event_text.h"
#include "cli/format.h"
#include "cli/options.h"
#include "journal/reader.h"

namespace deja::cli {
namespace {

constexpr std::size_t kEventsShown = 50;
constexpr std::size_t kFollowLimit = 10;
constexpr std::chrono::milliseconds kFollowPause{200};

std::string as_line(const journal::Event& event, Format format) {
  std::string line;
  if (format == Format::json) {
    journal::append_line(event, line);
    return line;
  }
  const auto padded = [](std::string text, std::size_t size) {
    text.resize(std::max(size, text.size()), ' ');
    return text + "  ";
  };
  line = local_time(event.time_ns) + "  ";
  line += padded(outcome_text(event), 12);
  line += padded(fmt::format("{:.1f} ms", static_cast<double>(event.elapsed_us) / 1000), 9);
  line += padded(tool_text(event), 8);
  line += printable(shortened(event.what, 60));
  const bool says_more = event.outcome != journal::Outcome::hit && !event.reason.empty();
  if (says_more) line += "  " + printable(journal::with_paths(event.reason, event));
  if (says_more && !event.not_stored.empty()) {
    line += "; not stored: " + printable(event.detail);
  } else if (says_more && !event.detail.empty()) {
    line += " [" + printable(event.detail) + "]";
  }
  return line + "\n";
}

[[noreturn]] void follow(journal::Follower follower, const journal::Filter& filter, Format format) {
  for (;;) {
    for (const journal::Event& event : follower.poll())
      if (!filter || filter(event)) print(as_line(event, format));
    std::this_thread::sleep_for(kFollowPause);
  }
}

std::size_t limit_of(const std::optional<std::uint64_t>& asked, bool follows, Format format) {
  if (asked) return *asked;
  if (follows) return kFollowLimit;
  return format == Format::json ? std::numeric_limits<std::size_t>::max() : kEventsShown;
}

}  // namespace

int run_events(const Context& context, Args args) {
  Format format = Format::text;
  std::optional<std::uint64_t> limit;
  bool follows = false;
  std::string outcome;
  OptionTable options(
      "events", "One line for each command, the newest last.",
      "As JSON each line is one object: time (seconds since 1970), schema, outcome, dup, "
      "remote, prefetched,\n"
      "made_by, reason, tool, what, output, cwd, roots, probe_key, action_key, "
      "tool_runs, elapsed_us, cost_us,\n"
      "phases, bytes, cloned_bytes, evidence, not_stored (a code: why nothing was "
      "stored), detail.\n"
      "The outcome \"running\" is no command of its own: a tool has run for a "
      "minute (the setting heartbeat).\n"
      "The journal holds the last 8 to 16 MB of events.");
  options.format(format);
  options.number("-n,--limit", "Only the newest N (default: 50; as JSON all; 10 with --follow)",
                 limit);
  options.flag("-f,--follow", "Keep printing new events, until interrupted", follows);
  options.choice("--outcome", "Only events of this outcome",
                 {"hit", "miss", "bypass", "failure", "running"}, outcome);
  if (const auto code = options.parse(args)) return *code;

  journal::Filter filter;
  if (const auto wanted = journal::parse_outcome(outcome))
    filter = [wanted](const journal::Event& event) { return event.outcome == *wanted; };
  // Opened before the first read, so that no event is missed between the two.
  journal::Follower follower(context.journal());
  const auto events = journal::read_events(context.journal(), limit_of(limit, follows, format),
                                           filter, journal::Which::all);
  if (!events) {
    print_error("events: " + events.error().message);
    return kProblems;
  }
  std::string out;
  for (const journal::Event& event : *events) out += as_line(event, format);
  print(out);
  if (follows) follow(std::move(follower), filter, format);
  return kDone;
}

}  // namespace deja::cli
