// SPDX-License-Identifier: Apache-2.0
#include "cli/context.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/store_access.h"

namespace deja::cli {

int run_gc(const Context& context, Args args) {
  Format format = Format::text;
  OptionTable options(
      "gc", "Evicts results until the store is under its limit, and sweeps what nothing refers to.",
      "The engine does this by itself. The limit is the setting store.limit.");
  options.format(format);
  if (const auto code = options.parse(args)) return *code;

  const auto report = [&]() -> Result<store::SweepReport> {
    const auto store = TRY(open_store(context, Access::change));
    return store ? store->gc() : store::SweepReport();
  }();
  if (!report) {
    print_error("gc: " + report.error().message);
    return kProblems;
  }
  if (format == Format::json) {
    print(pretty({{"evicted_results", report->evicted_results},
                  {"orphan_blobs", report->orphan_blobs},
                  {"stale_files", report->stale_files},
                  {"bytes_before", report->bytes_before},
                  {"bytes_after", report->bytes_after}}));
    return kDone;
  }
  print("evicted " + counted(report->evicted_results, "result") + ", swept " +
        counted(report->orphan_blobs, "blob") + " and " +
        counted(report->stale_files, "stale file") + "\n" + human_size(report->bytes_before) +
        " before, " + human_size(report->bytes_after) + " now, limit " +
        human_size(context.loaded.config.store_limit_bytes) + "\n");
  return kDone;
}

}  // namespace deja::cli
