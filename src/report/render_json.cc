// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "report/format.h"
#include "report/render.h"

namespace deja::report {
namespace {

using Json = nlohmann::ordered_json;

Json ranked_json(const std::vector<Ranked>& ranked) {
  Json out = Json::array();
  for (const Ranked& r : ranked)
    out.push_back({{"name", r.name}, {"count", r.count}, {"cost_us", r.cost_us}});
  return out;
}

}  // namespace

std::string as_json(const Summary& summary, const State& state, const std::string& title) {
  const Totals& t = summary.totals;
  Json out = {{"schema", 1},
              {"title", title},
              {"begin", seconds(summary.begin_ns)},
              {"end", seconds(summary.end_ns)},
              {"directory", summary.directory},
              {"totals",
               {{"commands", t.commands()},
                {"hits", t.hits},
                {"misses", t.misses},
                {"dups", t.dups},
                {"bypasses", t.bypasses},
                {"failures", t.failures},
                {"remote_hits", t.remote_hits},
                {"remote_bytes", t.remote_bytes},
                {"saved_us", t.saved_us},
                {"spent_us", t.spent_us},
                {"served_bytes", t.served_bytes},
                {"served_cloned_bytes", t.served_cloned_bytes},
                {"stored_bytes", t.stored_bytes},
                {"stored_cloned_bytes", t.stored_cloned_bytes}}},
              {"slice_seconds", static_cast<double>(summary.slice_ns) / 1e9}};
  out["hit_rate"] = t.lookups() == 0
                        ? Json()
                        : Json(static_cast<double>(t.hits) / static_cast<double>(t.lookups()));
  out["slices"] = Json::array();
  for (const Slice& slice : summary.slices)
    out["slices"].push_back({{"hits", slice.hits},
                             {"misses", slice.misses},
                             {"others", slice.others},
                             {"stored_bytes", slice.stored_bytes}});
  out["miss_reasons"] = ranked_json(summary.miss_reasons);
  out["changes"] = ranked_json(summary.inputs);
  out["sources"] = ranked_json(summary.sources);
  out["tools"] = ranked_json(summary.tools);
  out["phases"] = ranked_json(summary.phases);
  out["bypass_reasons"] = ranked_json(summary.bypass_reasons);
  out["not_stored"] = ranked_json(summary.not_stored);
  out["slowest_misses"] = Json::array();
  for (const SlowMiss& miss : summary.slowest)
    out["slowest_misses"].push_back({{"what", miss.what},
                                     {"tool", miss.tool},
                                     {"cwd", miss.cwd},
                                     {"reason", miss.reason},
                                     {"not_stored", miss.not_stored},
                                     {"cost_us", miss.cost_us},
                                     {"time", seconds(miss.time_ns)}});
  out["store"] = state.has_store ? Json{{"bytes", state.store_bytes},
                                        {"limit_bytes", state.store_limit_bytes},
                                        {"results", state.results}}
                                 : Json();
  out["remotes"] = state.remotes;
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace deja::report
