#include "cli/context.h"
#include "cli/engine_link.h"
#include "cli/options.h"
#include "cli/store_access.h"

namespace deja::cli {

int run_purge(const Context& context, Args args) {
  bool yes = false;
  Options options("purge", "Removes all results and blobs. Counts and events stay.");
  options.flag("--yes,-y", "Confirm it", yes);
  if (const auto code = options.parse(args)) return *code;
  if (!yes) {
    print_error("purge: this forgets everything in " + context.places.dir +
                "; say --yes if you mean it");
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
  // It would go on answering from memory. One of another build is not asked twice: it ends.
  if (const auto told = ask_daemon(context, "forget"); !told || (*told && (*told)->empty()))
    ignore(ask_daemon(context, "stop"), "it may not be running");
  print("purged " + context.places.dir + "\n");
  return kDone;
}

}  // namespace deja::cli
