// SPDX-License-Identifier: Apache-2.0
// `deja why`: what happened to a source file, an output or a key (why_find.h), for what a whole build missed, and in
// what two commands differ (why_build.h).

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "action/claim_text.h"
#include "action/not_stored.h"
#include "action/result.h"
#include "cli/context.h"
#include "cli/event_text.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/store_access.h"
#include "cli/why_build.h"
#include "cli/why_find.h"
#include "explain/nearest.h"
#include "journal/event.h"
#include "os/clock.h"
#include "tool/tool.h"

namespace deja::cli {
namespace {

std::string trace_text(const action::Trace& trace, const journal::Event& event) {
  std::string out = fmt::format("depends on {} claims\n", trace.observations.size());
  for (const action::Observation& claim : trace.observations)
    out += "  " + printable(journal::with_paths(action::describe(claim), event)) + "\n";
  return out;
}

// What was found unchanged when this was served: "213 files by content, 30 names where nothing may be, 2 variables".
std::string proof_text(const action::Trace& trace) {
  using action::Claim;
  std::size_t files = 0, absent = 0, present = 0, listings = 0, links = 0, variables = 0,
              others = 0;
  for (const action::Observation& claim : trace.observations) {
    switch (claim.claim) {
      case Claim::file:
      case Claim::absent_or_file:
        ++files;
        break;
      case Claim::absent:
        ++absent;
        break;
      case Claim::exists:
      case Claim::stamps:
        ++present;
        break;
      case Claim::link:
      case Claim::real:
      case Claim::same_file:
        ++links;
        break;
      case Claim::listing:
        ++listings;
        break;
      case Claim::variable:
      case Claim::variable_digest:
      case Claim::unset:
      case Claim::variables_like:
      case Claim::environment:
        ++variables;
        break;
      default:
        ++others;
    }
  }
  std::string out;
  const auto add = [&](std::size_t n, const char* one, const char* many) {
    if (n != 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", n, n == 1 ? one : many);
  };
  add(files, "file by content", "files by content");
  add(absent, "path that must be absent", "paths that must be absent");
  add(present, "path that must exist", "paths that must exist");
  add(links, "symlink", "symlinks");
  add(listings, "directory listing", "directory listings");
  add(variables, "variable", "variables");
  add(others, "other claim", "other claims");
  return out.empty() ? out : out + " (--trace lists them)";
}

// What the user can change so that a bypassed command is looked up.
std::string bypass_remedy(const journal::Event& event) {
  for (const tool::BypassRow& row : tool::bypass_rows())
    if (event.reason == row.name) return row.remedy;
  return {};
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
  if (event.outcome == journal::Outcome::bypass) return plain(bypass_remedy(event));
  if (event.outcome == journal::Outcome::miss)
    if (const auto* row = action::find_not_stored(event.not_stored)) return plain(row->remedy);
  if (event.reason.find(", which an output names") == std::string::npos) return {};
  return "an output names the directory it was made in; with DEJA_PORTABLE=1 (paths.portable) "
         "debug information and __FILE__ name the checkout as \".\", and checkouts share results";
}

// What was known before a command that was new; empty for every other event.
explain::Nearest nearest(const Context& context, const journal::Event& event) {
  // Any other reason names a cause itself. A hit of a remote was new here.
  if (event.reason != "new" && !event.remote) return {};
  const auto history = explain::KeyHistory::read(context.journal());
  if (!history) return {};
  return history->find(event.probe_key, event.time_ns);
}

// When a result of the newest event's command was stored or served before. Empty: never, as far as these events tell.
std::optional<std::int64_t> stored_before(const std::vector<journal::Event>& events) {
  const journal::Event& event = events.back();
  for (auto e = events.rbegin() + 1; e != events.rend(); ++e)
    if (e->probe_key == event.probe_key && !e->action_key.empty()) return e->time_ns;
  return std::nullopt;
}

struct Told {
  const std::vector<journal::Event>& events;  // oldest first, at least one
  store::LocalStore* store;
  explain::Nearest nearest;
  bool with_trace;
  std::string directory;  // from which the user looks
};

void add_evicted(const std::vector<journal::Event>& events, std::int64_t now_ns, Table& table) {
  if (events.back().reason != "new") return;
  if (const auto ns = stored_before(events))
    table.row({"evicted", "its result was in the cache " + human_age(now_ns - *ns) +
                              "; a larger store.limit keeps results longer"});
}

void add_nearest(const Told& told, std::int64_t now_ns, Table& table) {
  if (!told.nearest.command) return;
  const journal::KeyRecord& command = *told.nearest.command;
  table.row({"nearest", printable(fmt::format("{} in {}, {}", command.what, command.cwd,
                                              human_age(now_ns - command.time_ns)))});
  if (told.nearest.differences.empty()) table.row({"differs in", "only the source"});
  bool is_first = true;
  for (const explain::Difference& d : told.nearest.differences) {
    const std::string text = journal::with_paths(d.text, told.events.back());
    table.row({is_first ? "differs in" : "", printable(seen_from(told.directory, text))});
    is_first = false;
  }
}

// "look_up 1.2 ms, run 1.2 s, publish 3.0 ms"
std::string phases_text(const journal::Event& event) {
  std::string out;
  for (const journal::Phase& phase : event.phases)
    out += (out.empty() ? "" : ", ") + phase.name + " " + human_elapsed(phase.us);
  return out;
}

std::string as_text(const Told& told) {
  const std::vector<journal::Event>& events = told.events;
  store::LocalStore* const store = told.store;
  const journal::Event& event = events.back();
  const std::int64_t now_ns = os::wall_ns();
  std::string out =
      fmt::format("{}: {}, {}\n", printable(event.what.empty() ? event.tool : event.what),
                  outcome_text(event), human_age(now_ns - event.time_ns));
  Table table;
  const auto row = [&](const char* name, const std::string& text) {
    if (!text.empty()) table.row({name, printable(text)});
  };
  row("why", seen_from(told.directory, explanation(event)));
  add_evicted(events, now_ns, table);
  add_nearest(told, now_ns, table);
  row("hint", hint(event));
  row("tool", event.tool);
  row("directory", event.cwd);
  row("evidence", event.evidence);
  const bool is_hit = event.outcome == journal::Outcome::hit;
  if (is_hit) row("checked", proof_text(stored_trace(store, event)));
  row("took", human_elapsed(event.elapsed_us) + (event.cost_us == 0
                                                     ? ""
                                                     : (is_hit ? ", instead of " : ", the tool ") +
                                                           human_elapsed(event.cost_us)));
  row("phases", phases_text(event));
  row("probe key", event.probe_key);
  row("action key", event.action_key);
  if (const auto result = stored_result(store, event.action_key)) {
    row("made", local_time(result->made_at_ns) + " in " + result->made_in.path(action::Root::cwd));
    row("outputs", outputs_text(*result, event));
  } else if (!event.action_key.empty()) {
    row("outputs", "no longer in the store");
  }
  out += table.text("  ");
  if (told.with_trace) out += trace_text(stored_trace(store, event), event);
  if (events.size() == 1) return out;
  out += "before\n";
  Table before;
  for (std::size_t i = events.size() - 1; i-- > 0;)
    before.row({local_time(events[i].time_ns), outcome_text(events[i]),
                seen_from(told.directory, explanation(events[i]))});
  return out + before.text("  ");
}

Json nearest_json(const explain::Nearest& nearest, const journal::Event& event) {
  if (!nearest.command) return Json();
  Json out = {{"what", nearest.command->what},
              {"cwd", nearest.command->cwd},
              {"time", seconds(nearest.command->time_ns)},
              {"probe_key", nearest.command->probe_key},
              {"differences", Json::array()}};
  for (const explain::Difference& d : nearest.differences)
    out["differences"].push_back(journal::with_paths(d.text, event));
  return out;
}

Json as_json(const std::string& query, const Told& told) {
  const std::vector<journal::Event>& events = told.events;
  store::LocalStore* const store = told.store;
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
              {"nearest", nearest_json(told.nearest, event)},
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
  if (told.with_trace) {
    out["trace"] = Json::array();
    for (const action::Observation& claim : stored_trace(store, event).observations)
      out["trace"].push_back(printable(journal::with_paths(action::describe(claim), event)));
  }
  return out;
}

}  // namespace

int run_why(const Context& context, Args args) {
  Format format = Format::text;
  std::string query, other;
  bool with_trace = false, last_build = false;
  OptionTable options(
      "why", "What deja did when a command last used or made a file, and why.",
      "A key is given by its first hex digits, six or more. Exits with 1 when nothing is known.\n"
      "With two files or keys: how their commands differ.\n"
      "The journal holds the last 8 to 16 MB of events.");
  options.optional("FILE|KEY", "A source, an output, a crate, or a probe key or action key", query);
  options.optional("OTHER", "A second one, to compare with the first", other);
  options.flag("--last-build",
               "Why the last build missed: each first cause, its misses and what they cost",
               last_build);
  options.flag("--trace",
               "Also list what the result depends on: files, absent paths, directories, variables",
               with_trace);
  options.format(format);
  if (const auto code = options.parse(args)) return *code;
  if (query.empty() != last_build) {
    print_error(last_build
                    ? "why: --last-build takes no file or key; leave '" + printable(query) + "' out"
                    : "why: give a source, an output or a key, or --last-build");
    return kUsage;
  }

  // Without the store, only the journal is used.
  auto opened = open_store(context, Access::read);
  store::LocalStore* store = opened ? opened->get() : nullptr;
  if (last_build) return why_last_build(context, store, format);
  if (!other.empty()) return why_different(context, store, query, other, format);
  const auto events = find_events(context, query, store);
  if (!events || events->empty()) {
    print_error("why: " + (events ? "the journal has no event of '" + printable(query) +
                                        "'; give a source or an output of a command, or a key"
                                  : events.error().message));
    return kProblems;
  }
  const Told told{*events, store, nearest(context, events->back()), with_trace, context.cwd};
  print(format == Format::json ? pretty(as_json(query, told)) : as_text(told));
  return kDone;
}

}  // namespace deja::cli
