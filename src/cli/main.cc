// SPDX-License-Identifier: Apache-2.0
// deja-cli: the subcommands of `deja`. The client starts it as "deja <subcommand> args…".

#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/path.h"
#include "cli/context.h"
#include "cli/engine_link.h"
#include "cli/suggest.h"
#include "os/closed_streams.h"
#include "os/file.h"

namespace deja::cli {
namespace {

Context make_context() {
  Context context;
  // A working directory that was removed has no name; then relative paths have no base.
  if (auto cwd = os::real_path(".")) context.cwd = *std::move(cwd);
  context.sources.environment = [](std::string_view name) -> std::optional<std::string_view> {
    const char* value = ::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string_view>(value);
  };
  context.sources.cwd = context.cwd;
  context.loaded = config::load(context.sources);
  if (auto places = config::places(context.sources)) context.places = *std::move(places);
  if (const auto self = os::read_symlink("/proc/self/exe"); self && *self)
    context.libexec = parent_path(**self);
  context.is_terminal = ::isatty(STDOUT_FILENO) == 1;
  return context;
}

int run(std::vector<std::string> args) {
  std::string name = args.empty() ? "help" : args.front();
  if (!args.empty()) args.erase(args.begin());
  if (name == "--help" || name == "-h") name = "help";
  if (name == "--version" || name == "-V") name = "version";
  if (name == "-E") {
    args.insert(args.begin(), name);
    return run_family_probe(make_context(), args);
  }
  const Subcommand* subcommand = find_subcommand(name);
  if (subcommand == nullptr) {
    constexpr int kNoProgram = 127;  // the exit code of a shell for this
    const bool is_option = name.starts_with('-');
    const std::string meant = suggestion_for(name);
    print_error((is_option ? "no such option '" : "no such program or subcommand '") + name + "'" +
                (meant.empty() ? "; see 'deja help'" : meant));
    return is_option ? kUsage : kNoProgram;
  }
  Context context = make_context();
  context.sources.cwd = context.cwd;
  const bool asks_for_help = !args.empty() && (args.front() == "--help" || args.front() == "-h");
  if (subcommand->needs_dir && !context.has_dir() && !asks_for_help) {
    print_error("there is no cache directory: set DEJA_DIR, XDG_CACHE_HOME or HOME");
    return kProblems;
  }
  // The engine records within a tenth of a second what clients took from its table.
  if (subcommand->reads_events && !asks_for_help)
    ignore(ask_daemon(context, "collect"), "then the newest hits are missing");
  return subcommand->run(context, args);
}

}  // namespace

}  // namespace deja::cli

int main(int argc, char** argv) {
  // keeps closed standard streams closed: "deja why x >&-" must not write into a file of the cache
  const deja::os::ClosedStreams held;
  return deja::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc});
}
