// SPDX-License-Identifier: Apache-2.0
// The counters know no tools and projects, so these counts come from the events, of which the journal holds the newest 8
// to 16 MB.
#include "cli/stats_by.h"

#include <fmt/format.h>

#include <limits>
#include <map>
#include <vector>

#include "base/path.h"
#include "cli/json.h"
#include "journal/reader.h"
#include "os/file.h"
#include "report/groups.h"

namespace deja::cli {
namespace {

// The checkout around a directory; the directory itself where there is none. Looked up once for each directory.
class Projects {
 public:
  std::string of(const std::string& directory) {
    const auto [at, is_new] = known_.try_emplace(directory);
    if (is_new) at->second = find(directory);
    return at->second;
  }

 private:
  static std::string find(const std::string& directory) {
    for (std::string at = directory; at.size() > 1; at = std::string(parent_path(at))) {
      for (const char* mark : {".git", ".hg", ".svn", ".jj", ".deja.toml"}) {
        const auto there = os::stat_file(join_path(at, mark));
        if (there && *there) return at;
      }
    }
    return directory;
  }
  std::map<std::string, std::string> known_;
};

std::vector<report::Group> groups_of(const std::vector<journal::Event>& events,
                                     const std::string& by) {
  if (by == "session") {
    auto sessions = report::group_by_session(events);
    for (report::Group& session : sessions) session.name = local_time(session.begin_ns);
    return sessions;
  }
  if (by == "tool")
    return report::group_by(events,
                            [](const journal::Event& e) { return std::string(base_name(e.tool)); });
  Projects projects;
  return report::group_by(events, [&](const journal::Event& e) { return projects.of(e.cwd); });
}

std::string as_text(const std::vector<report::Group>& groups, const std::string& by) {
  if (groups.empty()) return "the journal has no events yet\n";
  Table table;
  table.row({by, "hits", "", "misses", "bypasses", "failures", "not stored", "saved", "ran"});
  for (const report::Group& group : groups) {
    const report::Totals& totals = group.totals;
    table.row({printable(shortened(group.name, 60)), std::to_string(totals.hits),
               percent(totals.hits, totals.hits + totals.misses), std::to_string(totals.misses),
               std::to_string(totals.bypasses), std::to_string(totals.failures),
               std::to_string(totals.not_stored), human_elapsed(totals.saved_us),
               human_elapsed(totals.spent_us)});
  }
  return table.text();
}

Json as_json(const std::vector<report::Group>& groups, const std::string& by) {
  Json out = {{"by", by}, {"groups", Json::array()}};
  for (const report::Group& group : groups) {
    const report::Totals& totals = group.totals;
    out["groups"].push_back({{"name", group.name},
                             {"first", seconds(group.begin_ns)},
                             {"last", seconds(group.end_ns)},
                             {"hits", totals.hits},
                             {"remote_hits", totals.remote_hits},
                             {"misses", totals.misses},
                             {"bypasses", totals.bypasses},
                             {"failures", totals.failures},
                             {"not_stored", totals.not_stored},
                             {"saved_us", totals.saved_us},
                             {"spent_us", totals.spent_us}});
  }
  return out;
}

// A value of a label: backslash, quote and newline are escaped.
std::string label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c != '\n') out.push_back(c);
  }
  return out;
}

void add_metric(std::string& out, std::string_view name, std::string_view type,
                std::string_view help, double value) {
  out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, value);
}

void add_reasons(std::string& out, std::string_view name, std::string_view help,
                 const std::vector<journal::NamedCount>& reasons) {
  out += fmt::format("# HELP {0} {1}\n# TYPE {0} counter\n", name, help);
  for (const journal::NamedCount& reason : reasons)
    out += fmt::format("{}{{reason=\"{}\"}} {}\n", name, label(reason.name), reason.count);
}

}  // namespace

int stats_by(const Context& context, const std::string& by, Format format) {
  const auto events =
      journal::read_events(context.journal(), std::numeric_limits<std::size_t>::max());
  if (!events) {
    print_error("stats: " + events.error().message);
    return kProblems;
  }
  const std::vector<report::Group> groups = groups_of(*events, by);
  print(format == Format::json ? pretty(as_json(groups, by)) : as_text(groups, by));
  return kDone;
}

std::string prometheus_text(const journal::Counts& counts, const store::StoreStats& store) {
  using journal::Counter;
  const auto count = [&](Counter counter) { return static_cast<double>(counts[counter]); };
  std::string out;
  add_metric(out, "deja_hits_total", "counter", "Commands served from the cache.",
             count(Counter::hits));
  add_metric(out, "deja_remote_hits_total", "counter", "Of the hits: served by a remote.",
             count(Counter::remote_hits));
  add_metric(out, "deja_prefetched_hits_total", "counter",
             "Of the hits: fetched from a remote before they were asked for.",
             count(Counter::prefetched_hits));
  add_metric(out, "deja_misses_total", "counter", "Commands looked up and run.",
             count(Counter::misses));
  add_metric(out, "deja_failures_total", "counter", "Commands whose tool failed.",
             count(Counter::failures));
  add_metric(out, "deja_errors_total", "counter", "Failures of the cache itself.",
             count(Counter::errors));
  add_metric(out, "deja_tool_runs_total", "counter", "Runs of tools.", count(Counter::tool_runs));
  add_metric(out, "deja_saved_seconds_total", "counter", "Time of the tools that did not run.",
             count(Counter::time_saved_ns) / 1e9);
  add_metric(out, "deja_served_bytes_total", "counter", "Bytes of outputs served.",
             count(Counter::bytes_served));
  add_reasons(out, "deja_bypasses_total", "Commands not looked up.", counts.bypass_reasons);
  add_reasons(out, "deja_not_stored_total", "Runs whose results were not kept.", counts.not_stored);
  add_metric(out, "deja_store_bytes", "gauge", "Size of the store.",
             static_cast<double>(store.bytes));
  add_metric(out, "deja_store_limit_bytes", "gauge", "Limit of the store.",
             static_cast<double>(store.limit_bytes));
  add_metric(out, "deja_store_results", "gauge", "Results in the store.",
             static_cast<double>(store.results));
  return out;
}

}  // namespace deja::cli
