// SPDX-License-Identifier: Apache-2.0
#include "cli/context.h"
#include "cli/engine_link.h"
#include "cli/options.h"
#include "cli/store_access.h"

namespace deja::cli {

int run_purge(const Context& context, Args args) {
  bool yes = false;
  OptionTable options("purge", "Removes all results and blobs. Counts and events stay.");
  options.flag("--yes,-y", "Confirm it", yes);
  if (const auto code = options.parse(args)) return *code;
  if (!yes) {
    print_error("purge: this removes all results in " + context.places.dir +
                "; give --yes to confirm");
    return kUsage;
  }
  const auto done = [&]() -> Status {
    const auto store = TRY(open_store(context, Access::change));
    return store ? store->purge() : Status();
  }();
  if (!done) {
    print_error("purge: " + done.error().message);
    return kProblems;
  }
  // The daemon would continue to answer from memory. A daemon of another build does not know
  // "forget", so it is stopped.
  if (const auto told = ask_daemon(context, "forget"); !told || (*told && (*told)->empty()))
    ignore(ask_daemon(context, "stop"), "it may not be running");
  print("purged " + context.places.dir + "\n");
  return kDone;
}

}  // namespace deja::cli
