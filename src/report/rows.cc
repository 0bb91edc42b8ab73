// SPDX-License-Identifier: Apache-2.0
#include "report/rows.h"

#include <algorithm>

#include "report/format.h"

namespace deja::report {
namespace {

std::string with(std::uint64_t n, const char* what) {
  return n == 0 ? "" : std::to_string(n) + " " + what;
}

std::string joined(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() ? a + b : a + ", " + b;
}

std::string by_reflink(std::uint64_t bytes) {
  return bytes == 0 ? "" : human_size(bytes) + " by reflink";
}

}  // namespace

std::vector<std::vector<std::string>> overview(const Summary& summary, const State& state) {
  const Totals& t = summary.totals;
  const auto span_us = static_cast<std::uint64_t>((summary.end_ns - summary.begin_ns) / 1000);
  std::string rate = percent(t.hits, t.lookups());
  if (!rate.empty()) rate += " of the commands that were looked up";
  std::vector<std::vector<std::string>> rows = {
      {"from", local_time(summary.begin_ns), "for " + human_elapsed(span_us)}};
  if (!summary.directory.empty()) rows.push_back({"in", printable(summary.directory), ""});
  rows.push_back({"commands", std::to_string(t.commands()), ""});
  rows.push_back(
      {"hits", std::to_string(t.hits), joined(rate, with(t.remote_hits, "from a remote"))});
  rows.push_back({"misses", std::to_string(t.misses),
                  with(t.dups, "with outputs that were all known (dups)")});
  rows.push_back({"bypasses", std::to_string(t.bypasses), ""});
  rows.push_back({"failures", std::to_string(t.failures), ""});
  rows.push_back({"time saved", human_elapsed(t.saved_us),
                  "the tools of the misses took " + human_elapsed(t.spent_us)});
  rows.push_back({"served", human_size(t.served_bytes),
                  joined(t.remote_bytes == 0 ? "" : human_size(t.remote_bytes) + " from a remote",
                         by_reflink(t.served_cloned_bytes))});
  rows.push_back({"stored", human_size(t.stored_bytes), by_reflink(t.stored_cloned_bytes)});
  if (state.has_store)
    rows.push_back(
        {"store now", human_size(state.store_bytes),
         "of " + human_size(state.store_limit_bytes) + ", " + counted(state.results, "result")});
  for (const std::string& remote : state.remotes) rows.push_back({"remote", printable(remote), ""});
  return rows;
}

Rows ranked_rows(const std::vector<Ranked>& ranked) {
  Rows rows;
  for (const Ranked& r : ranked)
    rows.lines.push_back({std::to_string(r.count), human_elapsed(r.cost_us), printable(r.name)});
  return rows;
}

std::vector<Ranked> repeated(const std::vector<Ranked>& ranked) {
  const bool any = std::ranges::any_of(ranked, [](const Ranked& r) { return r.count > 1; });
  return any ? ranked : std::vector<Ranked>();
}

Rows counted_rows(const std::vector<Ranked>& ranked) {
  std::vector<Ranked> by_count = ranked;
  std::ranges::stable_sort(by_count, std::ranges::greater(), &Ranked::count);
  Rows rows;
  for (const Ranked& r : by_count)
    rows.lines.push_back({std::to_string(r.count), printable(r.name)});
  return rows;
}

Rows slow_rows(const Summary& summary) {
  Rows rows;
  for (const SlowMiss& miss : summary.slowest) {
    std::string reason = printable(miss.reason.empty() ? "new" : miss.reason);
    if (!miss.not_stored.empty()) reason += "; not stored: " + printable(miss.not_stored);
    rows.lines.push_back({human_elapsed(miss.cost_us), printable(shortened(miss.what, 50)),
                          printable(miss.tool), std::move(reason)});
  }
  return rows;
}

}  // namespace deja::report
