// SPDX-License-Identifier: Apache-2.0
// `deja stats`: counters and troubles of the journal, and the size of the store. When troubles or
// store cannot be read, the rest is printed with the reason. Tested by cli_test.cc.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/stats_by.h"
#include "cli/store_access.h"
#include "journal/counters.h"
#include "journal/troubles.h"
#include "os/clock.h"
#include "os/file.h"

namespace deja::cli {
namespace {

using journal::Counter;

struct Everything {
  journal::Counts counts;
  std::vector<journal::Trouble> troubles;
  store::StoreStats store;
  std::string store_error, troubles_error;  // empty: none
};

Result<journal::Counts> read_counts(const std::string& journal, bool zero) {
  if (!TRY(os::stat_file(journal))) return journal::Counts();
  journal::Counters counters = TRY(journal::Counters::open(journal));
  if (zero) {
    counters.zero();
    TRY(journal::clear_troubles(journal));
  }
  return counters.read();
}

Result<Everything> gather(const Context& context, bool zero) {
  Everything all;
  all.counts = TRY(read_counts(context.journal(), zero));
  if (auto troubles = journal::read_troubles(context.journal())) {
    all.troubles = *std::move(troubles);
  } else {
    all.troubles_error = troubles.error().message;
  }
  all.store.limit_bytes = context.loaded.config.store_limit_bytes;
  const auto stats = [&]() -> Result<store::StoreStats> {
    const auto store = TRY(open_store(context, Access::read));
    return store ? store->stats() : all.store;
  }();
  if (stats) {
    all.store = *stats;
  } else {
    all.store_error = stats.error().message;
  }
  return all;
}

Json as_json(const Context& context, const Everything& all) {
  Json out;
  for (std::size_t i = 0; i < journal::kCounters; ++i)
    out[journal::counter_name(static_cast<Counter>(i))] = all.counts.values[i];
  out["bypass_reasons"] = Json::object();
  for (const auto& reason : all.counts.bypass_reasons)
    out["bypass_reasons"][reason.name] = reason.count;
  out["not_stored"] = Json::object();
  for (const auto& reason : all.counts.not_stored) out["not_stored"][reason.name] = reason.count;
  out["since"] = all.counts.since_ns == 0 ? Json() : Json(seconds(all.counts.since_ns));
  out["dir"] = context.places.dir;
  Json store = {{"bytes", all.store.bytes},
                {"blobs", all.store.blobs},
                {"results", all.store.results},
                {"manifests", all.store.manifests},
                {"limit_bytes", all.store.limit_bytes},
                {"quarantined", all.store.quarantined},
                {"index_bytes", all.store.index_file_bytes},
                {"ledger_bytes", all.store.ledger_bytes}};
  if (!all.store_error.empty()) store["error"] = all.store_error;
  out["store"] = std::move(store);
  out["troubles"] = Json::array();
  for (const journal::Trouble& t : all.troubles)
    out["troubles"].push_back({{"text", t.text},
                               {"count", t.count},
                               {"first", seconds(t.first_ns)},
                               {"last", seconds(t.last_ns)}});
  return out;
}

std::string reasons_text(const std::vector<journal::NamedCount>& reasons) {
  std::string out;
  for (const auto& reason : reasons)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", reason.name, reason.count);
  return out;
}

std::string counts_text(const journal::Counts& counts) {
  const std::uint64_t hits = counts[Counter::hits];
  const std::uint64_t misses = counts[Counter::misses];
  const auto with = [](std::uint64_t n, const char* what) {
    return n == 0 ? std::string() : fmt::format("{} {}", n, what);
  };
  Table table;
  const auto row = [&](const char* name, Counter counter, std::string note) {
    table.row({name, std::to_string(counts[counter]), std::move(note)});
  };
  std::string rate = percent(hits, hits + misses);
  if (!rate.empty()) rate += " of the commands that were looked up";
  std::string remote = with(counts[Counter::remote_hits], "from a remote");
  if (const std::string ahead = with(counts[Counter::prefetched_hits], "fetched ahead");
      !ahead.empty())
    remote += (remote.empty() ? "" : ", ") + ahead;
  row("hits", Counter::hits, rate + (rate.empty() || remote.empty() ? "" : ", ") + remote);
  row("misses", Counter::misses,
      with(counts[Counter::dups], "with outputs that were all known (dups)"));
  row("bypasses", Counter::bypasses, reasons_text(counts.bypass_reasons));
  row("failures", Counter::failures, "");
  std::uint64_t not_stored = 0;
  for (const auto& reason : counts.not_stored) not_stored += reason.count;
  table.row({"not stored", std::to_string(not_stored), reasons_text(counts.not_stored)});
  row("tool runs", Counter::tool_runs, "");
  row("errors", Counter::errors, "");
  table.row({"time saved", human_elapsed(counts[Counter::time_saved_ns] / 1000)});
  table.row({"served", human_size(counts[Counter::bytes_served])});
  if (counts.since_ns != 0) table.row({"since", local_time(counts.since_ns)});
  return table.text();
}

std::string as_text(const Context& context, const Everything& all) {
  std::string out = counts_text(all.counts);
  Table table;
  const std::string share = percent(all.store.bytes, all.store.limit_bytes);
  table.row({"store", human_size(all.store.bytes) + " of " + human_size(all.store.limit_bytes) +
                          (share.empty() ? "" : " (" + share + ")")});
  table.row({"", counted(all.store.results, "result") + ", " + counted(all.store.blobs, "blob")});
  if (all.store.quarantined != 0)
    table.row({"", counted(all.store.quarantined, "damaged blob") + " in quarantine"});
  if (!all.store_error.empty()) table.row({"", "cannot be read: " + printable(all.store_error)});
  table.row({"directory", printable(context.places.dir)});
  if (!all.troubles_error.empty())
    table.row({"troubles", "cannot be read: " + printable(all.troubles_error)});
  out += "\n" + table.text();
  if (all.troubles.empty()) return out;

  Table troubles;
  const std::int64_t now_ns = os::wall_ns();
  for (const journal::Trouble& t : all.troubles)
    troubles.row({fmt::format("{} ×", t.count), human_age(now_ns - t.last_ns), printable(t.text)});
  return out + "\ntroubles\n" + troubles.text("  ");
}

}  // namespace

int run_stats(const Context& context, Args args) {
  std::string format, by;
  bool zero = false;
  OptionTable options(
      "stats", "Counts since the last --zero, and the size of the store.",
      "hits: served. misses: looked up and run. bypasses: not looked up (with the reasons).\n"
      "failures: the tool itself failed. not stored: runs whose results were not kept (with\n"
      "the reasons; 'deja why' explains them). errors: an operation of the cache failed and\n"
      "the build continued without it; the troubles say which.");
  options.choice("--format", "How to print: for people (default), for programs, for Prometheus",
                 {"text", "json", "prometheus"}, format);
  options.choice("--by", "Counts of the journal's events by tool, project or session",
                 {"tool", "project", "session"}, by);
  options.flag("--zero,-z", "Set the counts to 0 and remove the troubles", zero);
  if (const auto code = options.parse(args)) return *code;
  if (!by.empty() && (zero || format == "prometheus")) {
    print_error("stats: --by cannot be combined with --zero or --format prometheus");
    return kUsage;
  }
  if (!by.empty()) return stats_by(context, by, format == "json" ? Format::json : Format::text);
  const auto all = gather(context, zero);
  if (!all) {
    print_error("stats: " + all.error().message);
    return kProblems;
  }
  if (format == "prometheus") {
    print(prometheus_text(all->counts, all->store));
  } else {
    print(format == "json" ? pretty(as_json(context, *all)) : as_text(context, *all));
  }
  return kDone;
}

}  // namespace deja::cli
