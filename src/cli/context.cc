// SPDX-License-Identifier: Apache-2.0
// The table of subcommands, and their output.
#include "cli/context.h"

#include <unistd.h>

#include <array>
#include <string>

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
