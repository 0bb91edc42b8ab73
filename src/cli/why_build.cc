// SPDX-License-Identifier: Apache-2.0
// What a whole build missed for, and in what two commands differ. The thinking is in explain/; here it is given the
// journal and the store, and printed.
#include "cli/why_build.h"

#include <fmt/format.h>

#include <limits>
#include <map>
#include <set>

#include "action/claim_text.h"
#include "cli/event_text.h"
#include "cli/json.h"
#include "cli/why_find.h"
#include "explain/nearest.h"
#include "explain/root_causes.h"
#include "journal/reader.h"
#include "os/clock.h"
#include "report/summary.h"

namespace deja::cli {
namespace {

constexpr std::size_t kCausesShown = 20, kCommandsShown = 6, kDifferencesShown = 4;

std::string commands_text(const std::vector<std::string>& commands) {
  std::string out;
  for (std::size_t i = 0; i < commands.size() && i < kCommandsShown; ++i)
    out += (i == 0 ? "" : ", ") + shortened(commands[i], 60);
  if (commands.size() > kCommandsShown)
    out += fmt::format(" and {} more", commands.size() - kCommandsShown);
  return out;
}

std::string misses_text(const explain::RootCause& cause) {
  const std::size_t n = cause.commands.size();
  std::string out = fmt::format("{} {}", n, n == 1 ? "miss" : "misses");
  if (cause.indirect > 0)
    out += fmt::format(", {} of them because of what other misses wrote", cause.indirect);
  return out;
}

report::Totals totals_of(const std::vector<journal::Event>& build) {
  report::Totals out;
  for (const journal::Event& event : build) out.add(event);
  return out;
}

std::string build_text(const std::vector<journal::Event>& build,
                       const std::vector<explain::RootCause>& causes,
                       const std::string& directory) {
  const report::Totals totals = totals_of(build);
  std::string out =
      fmt::format("last build, {}: {}: {}", human_age(os::wall_ns() - build.back().time_ns),
                  counted(build.size(), "command"), counted(totals.hits, "hit"));
  out += fmt::format(", {} {}", totals.misses, totals.misses == 1 ? "miss" : "misses");
  if (totals.failures > 0) out += ", " + counted(totals.failures, "failure");
  if (totals.bypasses > 0)
    out += fmt::format(", {} {}", totals.bypasses, totals.bypasses == 1 ? "bypass" : "bypasses");
  out += "\n";
  out += fmt::format("tools ran for {}, hits saved {}\n", human_elapsed(totals.spent_us),
                     human_elapsed(totals.saved_us));
  for (std::size_t i = 0; i < causes.size() && i < kCausesShown; ++i) {
    const explain::RootCause& cause = causes[i];
    out += fmt::format("\n{}\n  {}, {}\n  {}\n", printable(seen_from(directory, cause.text)),
                       misses_text(cause), human_elapsed(cause.cost_us),
                       printable(seen_from(directory, commands_text(cause.commands))));
  }
  if (causes.size() > kCausesShown)
    out += fmt::format("\nand {} more causes\n", causes.size() - kCausesShown);
  if (causes.empty()) out += "\nno misses\n";
  return out;
}

Json build_json(const std::vector<journal::Event>& build,
                const std::vector<explain::RootCause>& causes) {
  const report::Totals totals = totals_of(build);
  Json out = {{"commands", build.size()},    {"hits", totals.hits},
              {"misses", totals.misses},     {"failures", totals.failures},
              {"bypasses", totals.bypasses}, {"cost_us", totals.spent_us},
              {"saved_us", totals.saved_us}, {"causes", Json::array()}};
  for (const explain::RootCause& cause : causes)
    out["causes"].push_back({{"cause", cause.text},
                             {"commands", cause.commands},
                             {"indirect", cause.indirect},
                             {"cost_us", cause.cost_us}});
  return out;
}

// Of which commands was a result stored, and when first?
class StoredBefore {
 public:
  void add(const journal::Event& event) {
    if (!event.action_key.empty()) first_ns_.try_emplace(event.probe_key, event.time_ns);
  }
  bool was(const journal::Event& event) const {
    const auto at = first_ns_.find(event.probe_key);
    return at != first_ns_.end() && at->second < event.time_ns;
  }

 private:
  std::map<std::string, std::int64_t> first_ns_;
};

std::set<std::string> claims_of(store::LocalStore* store, const journal::Event& event) {
  std::set<std::string> out;
  for (const action::Observation& claim : stored_trace(store, event).observations)
    out.insert(journal::with_paths(action::describe(claim), event));
  return out;
}

// In what the results of one command differ.
std::vector<std::string> claim_differences(store::LocalStore* store, const journal::Event& a,
                                           const journal::Event& b) {
  const std::set<std::string> first = claims_of(store, a), second = claims_of(store, b);
  std::vector<std::string> out;
  for (const std::string& claim : first)
    if (!second.contains(claim)) out.push_back("only the first: " + claim);
  for (const std::string& claim : second)
    if (!first.contains(claim)) out.push_back("only the second: " + claim);
  return out;
}

Result<journal::Event> newest_event(const Context& context, store::LocalStore* store,
                                    const std::string& query) {
  auto events = TRY(find_events(context, query, store));
  if (events.empty())
    return Error{Code::invalid, 0,
                 "the journal has no event of '" + printable(query) +
                     "'; give a source or an output of a command, or a key"};
  if (events.back().probe_key.empty())
    return Error{Code::invalid, 0,
                 "'" + printable(query) + "' was not looked up, so it has no key"};
  return std::move(events.back());
}

Result<std::vector<std::string>> compare(const Context& context, store::LocalStore* store,
                                         const std::string& first, const std::string& second) {
  const journal::Event a = TRY(newest_event(context, store, first));
  const journal::Event b = TRY(newest_event(context, store, second));
  if (a.probe_key == b.probe_key) return claim_differences(store, a, b);
  const explain::KeyHistory history = TRY(explain::KeyHistory::read(context.journal()));
  const journal::KeyRecord* const then = history.find_key(a.probe_key);
  const journal::KeyRecord* const now = history.find_key(b.probe_key);
  if (then == nullptr || now == nullptr)
    return Error{Code::invalid, 0,
                 "the journal no longer has what the key of '" +
                     printable(then == nullptr ? first : second) + "' was made from"};
  std::vector<std::string> out;
  for (const explain::Difference& d : explain::differences(*then, *now)) out.push_back(d.text);
  return out;
}

}  // namespace

std::string new_because(const explain::KeyHistory& history, const journal::Event& event) {
  const explain::Nearest found = history.find(event.probe_key, event.time_ns);
  std::string out;
  std::size_t shown = 0;
  for (const explain::Difference& d : found.differences) {
    if (++shown > kDifferencesShown) return out + ", …";
    out += (out.empty() ? "" : ", ") + journal::with_paths(d.text, event);
  }
  return out;
}

int why_last_build(const Context& context, store::LocalStore* store, Format format) {
  const auto events =
      journal::read_events(context.journal(), std::numeric_limits<std::size_t>::max());
  if (!events || events->empty()) {
    print_error("why: " + (events ? "the journal has no events yet" : events.error().message));
    return kProblems;
  }
  const std::vector<journal::Event> build = explain::last_build(*events);
  const auto outputs_of = [&](const journal::Event& event) {
    std::vector<std::string> out;
    if (const auto result = stored_result(store, event.action_key))
      for (const action::Artifact& artifact : result->artifacts)
        out.push_back(artifact_path(*result, artifact, event));
    return out;
  };
  const auto history = explain::KeyHistory::read(context.journal());
  StoredBefore stored;
  for (const journal::Event& event : *events) stored.add(event);
  const auto causes = explain::root_causes(build, outputs_of, [&](const journal::Event& event) {
    if (stored.was(event))
      return std::string("its result was in the cache before and has been evicted");
    return history ? new_because(*history, event) : std::string();
  });
  print(format == Format::json ? pretty(build_json(build, causes))
                               : build_text(build, causes, context.cwd));
  return kDone;
}

int why_different(const Context& context, store::LocalStore* store, const std::string& first,
                  const std::string& second, Format format) {
  const auto differences = compare(context, store, first, second);
  if (!differences) {
    print_error("why: " + differences.error().message);
    return kProblems;
  }
  if (format == Format::json) {
    print(pretty({{"first", first}, {"second", second}, {"differences", *differences}}));
    return kDone;
  }
  std::string out;
  for (const std::string& text : *differences) out += printable(text) + "\n";
  print(out.empty() ? "no difference\n" : out);
  return kDone;
}

}  // namespace deja::cli
