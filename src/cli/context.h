// SPDX-License-Identifier: Apache-2.0
// The parameters of every subcommand: paths, configuration, and functions for output.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/config.h"

namespace deja::cli {

// Exit codes of subcommands (public, docs/ARCHITECTURE.md).
inline constexpr int kDone = 0;
inline constexpr int kProblems = 1;
inline constexpr int kUsage = 2;
// Of those that run a program, as of a shell.
inline constexpr int kNotRunnable = 126;
inline constexpr int kNotFound = 127;

using Args = std::span<const std::string>;

struct Context {
  config::Sources sources;  // of this process
  config::Loaded loaded;
  config::Places places;  // dir is empty when no variable gives one
  std::string cwd;
  std::string libexec;  // the directory of this program and of the engine
  bool is_terminal = false;

  bool has_dir() const { return !places.dir.empty(); }
  std::string journal() const { return places.dir + "/journal"; }
};

// The variables that deja reads, as the help shows them (help.cc).
std::string environment_help();

void print(std::string_view text);           // to stdout, at once
void print_error(std::string_view message);  // "deja: <message>", one line on stderr

struct Subcommand {
  const char* name;
  const char* summary;
  // args are those after the subcommand's name.
  int (*run)(const Context& context, Args args);
  bool needs_dir;             // needs a cache directory
  bool reads_events = false;  // shows what has happened
};
// In the order of the help.
std::span<const Subcommand> subcommands();
const Subcommand* find_subcommand(std::string_view name);

// Each is in a file of its own.
int run_audit(const Context& context, Args args);
int run_completions(const Context& context, Args args);
int run_config(const Context& context, Args args);
int run_daemon(const Context& context, Args args);
int run_doctor(const Context& context, Args args);
int run_events(const Context& context, Args args);
int run_exec(const Context& context, Args args);
int run_family_probe(const Context& context, Args args);  // not a subcommand of its own: "deja -E"
int run_gc(const Context& context, Args args);
int run_help(const Context& context, Args args);
int run_init(const Context& context, Args args);
int run_key(const Context& context, Args args);
int run_list(const Context& context, Args args);
int run_monitor(const Context& context, Args args);
int run_purge(const Context& context, Args args);
int run_remote(const Context& context, Args args);
int run_report(const Context& context, Args args);
int run_run(const Context& context, Args args);
int run_stats(const Context& context, Args args);
int run_verify(const Context& context, Args args);
int run_version(const Context& context, Args args);
int run_why(const Context& context, Args args);

}  // namespace deja::cli
