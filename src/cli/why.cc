// SPDX-License-Identifier: Apache-2.0
// `deja why`: what happened to a source file, an output or a key. A source is matched by the paths
// in its events; an output by the artifacts of the results of events; a key by the first of its hex
// digits.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "action/claim_text.h"
#include "action/manifest.h"
#include "action/not_stored.h"
#include "action/result.h"
#include "base/path.h"
#include "cli/context.h"
#include "cli/event_text.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/store_access.h"
#include "digest/digest.h"
#include "journal/reader.h"
#include "os/clock.h"
#include "os/file.h"

namespace deja::cli {
namespace {

constexpr std::size_t kShown = 10;           // earlier events to list
constexpr std::size_t kKeyDigitsMin = 6;     // fewer digits could be a file name
constexpr std::size_t kResultsMax = 20'000;  // results to search for an output

bool is_key_prefix(std::string_view text) {
  return text.size() >= kKeyDigitsMin &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The spellings of the user's path that may be in an event.
struct Wanted {
  std::string typed;
  std::string clean;  // absolute
  std::string real;   // without symlinks; empty when there is no such file
};

Wanted wanted_path(const Context& context, const std::string& typed) {
  Wanted wanted;
  wanted.typed = journal::as_recorded(typed);
  const std::string absolute = clean_path(join_path(context.cwd, typed));
  wanted.clean = journal::as_recorded(absolute);
  if (const auto real = os::real_path(absolute)) wanted.real = journal::as_recorded(*real);
  return wanted;
}

bool is_path(const Wanted& wanted, std::string_view cwd, std::string_view path) {
  if (path.empty()) return false;
  const std::string absolute = clean_path(join_path(cwd, path));
  return absolute == wanted.clean || absolute == wanted.real;
}

Result<std::vector<journal::Event>> find_by_key(const Context& context, const std::string& prefix) {
  return journal::read_events(context.journal(), kShown + 1, [&](const journal::Event& e) {
    return e.probe_key.starts_with(prefix) || e.action_key.starts_with(prefix);
  });
}

Result<std::vector<journal::Event>> find_by_source(const Context& context, const Wanted& wanted) {
  return journal::read_events(context.journal(), kShown + 1, [&](const journal::Event& e) {
    return is_path(wanted, e.cwd, e.what);
  });
}

std::optional<action::ActionResult> stored_result(store::LocalStore* store,
                                                  const std::string& key_hex) {
  const auto digest = Digest::from_hex(key_hex);
  if (store == nullptr || !digest) return std::nullopt;
  const auto record = store->get_result(ActionKey{*digest});
  if (!record || !*record) return std::nullopt;
  return action::decode_result(**record);
}

// Where the event's run or hit has put the artifact.
std::string artifact_path(const action::ActionResult& result, const action::Artifact& artifact,
                          const journal::Event& event) {
  using action::OutputName;
  action::Roots here(event.cwd, result.made_in.path(action::Root::workspace));
  if (!event.output.empty()) {
    here.set(OutputName::output, tidy_path(join_path(event.cwd, event.output)));
    // The journal has no name for the dependency file, except in the directory where it was made.
    if (here.path(OutputName::output) == result.made_in.path(OutputName::output))
      here.set(OutputName::depfile, result.made_in.path(OutputName::depfile));
  }
  const std::string path = here.expand(artifact.path);
  return path.empty() ? action::Roots::describe(artifact.path) : path;
}

Result<std::vector<journal::Event>> find_by_output(const Context& context, const Wanted& wanted,
                                                   store::LocalStore* store) {
  if (store == nullptr) return std::vector<journal::Event>();
  std::size_t looked_at = 0;
  return journal::read_events(context.journal(), kShown + 1, [&](const journal::Event& e) {
    if (e.action_key.empty() || ++looked_at > kResultsMax) return false;
    const auto result = stored_result(store, e.action_key);
    return result && std::ranges::any_of(result->artifacts, [&](const action::Artifact& artifact) {
             return is_path(wanted, e.cwd, artifact_path(*result, artifact, e));
           });
  });
}

// The claims of the result; empty when the store no longer has them.
action::Trace stored_trace(store::LocalStore* store, const journal::Event& event) {
  const auto probe = Digest::from_hex(event.probe_key);
  const auto key = Digest::from_hex(event.action_key);
  if (store == nullptr || !probe || !key) return {};
  const auto record = store->get_manifest(ProbeKey{*probe});
  if (!record || !*record) return {};
  const auto manifest = action::decode_manifest(**record);
  const auto* entry = manifest ? manifest->find(ActionKey{*key}) : nullptr;
  return entry == nullptr ? action::Trace() : manifest->trace(*entry);
}

std::string trace_text(const action::Trace& trace) {
  std::string out = fmt::format("depends on {} claims\n", trace.observations.size());
  for (const action::Observation& claim : trace.observations)
    out += "  " + printable(action::describe(claim)) + "\n";
  return out;
}

std::string outputs_text(const action::ActionResult& result, const journal::Event& event) {
  std::string out;
  for (const action::Artifact& artifact : result.artifacts) {
    if (!out.empty()) out += ", ";
    out += artifact_path(result, artifact, event);
    if (artifact.role == action::Role::output || artifact.role == action::Role::depfile)
      out += " (" + human_size(artifact.size) + ")";
  }
  return out;
}

std::string plain(std::string text) {
  std::erase(text, '`');
  return text;
}

// Advice for turning this miss, or the next one, into a hit.
std::string hint(const journal::Event& event) {
  if (event.outcome == journal::Outcome::miss)
    if (const auto* row = action::find_not_stored(event.not_stored)) return plain(row->remedy);
  if (event.reason.find(", which an output names") == std::string::npos) return {};
  return "an output names the directory it was made in; with DEJA_PORTABLE=1 (paths.portable) "
         "debug "
         "information and __FILE__ name the checkout as \".\", and checkouts share";
}

// events: oldest first, at least one.
std::string as_text(const std::vector<journal::Event>& events, store::LocalStore* store,
                    bool with_trace) {
  const journal::Event& event = events.back();
  const std::int64_t now_ns = os::wall_ns();
  std::string out =
      fmt::format("{}: {}, {}\n", printable(event.what.empty() ? event.tool : event.what),
                  outcome_text(event), human_age(now_ns - event.time_ns));
  Table table;
  const auto row = [&](const char* name, const std::string& text) {
    if (!text.empty()) table.row({name, printable(text)});
  };
  row("why", explanation(event));
  row("hint", hint(event));
  row("tool", event.tool);
  row("directory", event.cwd);
  row("evidence", event.evidence);
  const bool is_hit = event.outcome == journal::Outcome::hit;
  row("took", human_elapsed(event.elapsed_us) + (event.cost_us == 0
                                                     ? ""
                                                     : (is_hit ? ", instead of " : ", the tool ") +
                                                           human_elapsed(event.cost_us)));
  row("probe key", event.probe_key);
  row("action key", event.action_key);
  if (const auto result = stored_result(store, event.action_key)) {
    row("made", local_time(result->made_at_ns) + " in " + result->made_in.path(action::Root::cwd));
    row("outputs", outputs_text(*result, event));
  } else if (!event.action_key.empty()) {
    row("outputs", "no longer in the store");
  }
  out += table.text("  ");
  if (with_trace) out += trace_text(stored_trace(store, event));
  if (events.size() == 1) return out;
  out += "before\n";
  Table before;
  for (std::size_t i = events.size() - 1; i-- > 0;)
    before.row({local_time(events[i].time_ns), outcome_text(events[i]), explanation(events[i])});
  return out + before.text("  ");
}

Json as_json(const std::string& query, const std::vector<journal::Event>& events,
             store::LocalStore* store, bool with_trace) {
  const journal::Event& event = events.back();
  Json list = Json::array();
  for (std::size_t i = events.size(); i-- > 0;) {
    std::string line;
    journal::append_line(events[i], line);
    list.push_back(Json::parse(line));
  }
  Json out = {{"query", query},
              {"outcome", journal::outcome_name(event.outcome)},
              {"reason", event.reason},
              {"explanation", explanation(event)},
              {"not_stored", event.not_stored},
              {"hint", hint(event)},
              {"evidence", event.evidence},
              {"time", seconds(event.time_ns)},
              {"probe_key", event.probe_key},
              {"action_key", event.action_key},
              {"outputs", Json::array()},
              {"events", std::move(list)}};
  if (const auto result = stored_result(store, event.action_key))
    for (const action::Artifact& artifact : result->artifacts)
      out["outputs"].push_back({{"path", artifact_path(*result, artifact, event)},
                                {"size", artifact.size},
                                {"digest", artifact.digest.hex()}});
  if (with_trace) {
    out["trace"] = Json::array();
    for (const action::Observation& claim : stored_trace(store, event).observations)
      out["trace"].push_back(printable(action::describe(claim)));
  }
  return out;
}

Result<std::vector<journal::Event>> find(const Context& context, const std::string& query,
                                         store::LocalStore* store) {
  const Wanted wanted = wanted_path(context, query);
  auto events = TRY(find_by_source(context, wanted));
  if (events.empty() && is_key_prefix(query)) events = TRY(find_by_key(context, query));
  if (events.empty()) events = TRY(find_by_output(context, wanted, store));
  return events;
}

}  // namespace

int run_why(const Context& context, Args args) {
  Format format = Format::text;
  std::string query;
  bool with_trace = false;
  OptionTable options(
      "why", "What deja did when a command last used or made a file, and why.",
      "A key is given by its first hex digits, six or more. Exits with 1 when nothing is known.\n"
      "The journal holds the last 8 to 16 MB of events.");
  options.argument("FILE|KEY", "A source file, an output, or a probe key or action key", query);
  options.flag("--trace",
               "Also list what the result depends on: files, absent paths, directories, variables",
               with_trace);
  options.format(format);
  if (const auto code = options.parse(args)) return *code;

  // Without the store, only the journal is used.
  auto opened = open_store(context, Access::read);
  store::LocalStore* store = opened ? opened->get() : nullptr;
  const auto events = find(context, query, store);
  if (!events || events->empty()) {
    print_error("why: " + (events ? "no event names '" + printable(query) +
                                        "'; give a source or an output of a command, or a key"
                                  : events.error().message));
    return kProblems;
  }
  print(format == Format::json ? pretty(as_json(query, *events, store, with_trace))
                               : as_text(*events, store, with_trace));
  return kDone;
}

}  // namespace deja::cli
