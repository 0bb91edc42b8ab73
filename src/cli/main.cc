// SPDX-License-Identifier: Apache-2.0
// deja-cli: the subcommands of `deja`. The client starts it as "deja <subcommand> args…".

#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "base/path.h"
#include "cli/context.h"
#include "cli/engine_link.h"
#include "cli/suggest.h"
#include "os/closed_streams.h"
#include "os/file.h"
#include "os/io.h"
#include "wire/subcommands.h"

namespace deja::cli {
namespace {

constexpr std::array<Subcommand, 21> kSubcommands = {{
    {"exec", "Runs any tool, or puts back the outputs of its earlier run", run_exec, false},
    {"run", "Runs a whole build; looks up each tool that it starts", run_run, false},
    {"init", "Puts deja in front of a build, or takes it out again", run_init, false},
    {"stats", "Counts of hits, misses and bypasses; size of the store", run_stats, true, true},
    {"events", "One line for each command, with the reason of each miss", run_events, true, true},
    {"why", "Why a file was a hit, a miss or a bypass", run_why, true, true},
    {"report", "Hits and misses of the last build, and why; as text, HTML page or trace",
     run_report, true, true},
    {"monitor", "A live view of builds in the terminal", run_monitor, true},
    {"audit", "Runs a build and compares hits with what the tools make", run_audit, true, true},
    {"config", "Shows and changes settings", run_config, false},
    {"doctor", "Checks everything that deja needs to work", run_doctor, false},
    {"daemon", "Starts and stops the engine in the background, shows its state", run_daemon, true},
    {"remote", "Shows the remotes, and moves results to and from them", run_remote, true},
    {"key", "Makes and trusts keys that sign results on remotes", run_key, false},
    {"list", "The results in the store", run_list, true, true},
    {"gc", "Evicts results down to the limit, and sweeps what nothing refers to", run_gc, true,
     true},
    {"verify", "Checks every blob and record of the store", run_verify, true},
    {"purge", "Removes all results and blobs", run_purge, true},
    {"completions", "A script that completes deja's subcommands and options in a shell",
     run_completions, false},
    {"help", "This text, or the text for one subcommand", run_help, false},
    {"version", "The version of deja", run_version, false},
}};

consteval bool client_knows_all() {
  for (const Subcommand& s : kSubcommands)
    if (!wire::is_subcommand(s.name)) return false;
  return true;
}
static_assert(client_knows_all(),
              "wire/subcommands.h decides what the client takes for a subcommand");

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

std::span<const Subcommand> subcommands() { return kSubcommands; }

const Subcommand* find_subcommand(std::string_view name) {
  for (const Subcommand& s : kSubcommands)
    if (s.name == name) return &s;
  return nullptr;
}

void print(std::string_view text) { (void)os::write_all(STDOUT_FILENO, text.data(), text.size()); }

void print_error(std::string_view message) {
  const std::string line = "deja: " + std::string(message) + "\n";
  (void)os::write_all(STDERR_FILENO, line.data(), line.size());
}

}  // namespace deja::cli

int main(int argc, char** argv) {
  // keeps closed standard streams closed: "deja why x >&-" must not write into a file of the cache
  const deja::os::ClosedStreams held;
  return deja::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc});
}
