// SPDX-License-Identifier: Apache-2.0
// `deja help`: the overview; the text of a subcommand is made by its OptionTable.

#include "cli/command_info.h"
#include "cli/context.h"
#include "cli/format.h"
#include "cli/options.h"
#include "os/file.h"
#include "wire/messages.h"

namespace deja::cli {
namespace {

constexpr std::string_view kUsageText = R"help(Usage:
  deja gcc -c a.c -o a.o             in front of one command
  make CC="deja gcc" CXX="deja g++"  in front of a build's compiler
  RUSTC_WRAPPER=deja cargo build     in front of cargo's rustc
  cmake -DCMAKE_C_COMPILER_LAUNCHER=deja -DCMAKE_CXX_COMPILER_LAUNCHER=deja …
  deja exec -- protoc --cpp_out=. a.proto
                                     any other tool ('deja exec --help')
  ln -s "$(command -v deja)" ~/bin/gcc
                                     under the compiler's name: a link called gcc, in a directory
                                     early in PATH, runs the next gcc found in PATH
)help";

constexpr std::string_view kEnvironment =
    R"help(Environment (see 'deja help config' for the settings in files):
  DEJA_DISABLE=1          run every tool as if deja were not there
  DEJA_DIR=<dir>          the cache directory (default $XDG_CACHE_HOME/deja, else ~/.cache/deja)
  DEJA_CONFIG=<file>      the only configuration file to read
  DEJA_DAEMON=auto|off    off: no engine in the background, one for each command
  DEJA_PORTABLE=1         map source paths in compiler output, to share results between checkouts
  DEJA_BASE_DIR=<dirs>    directories whose location does not count, separated by ':'
  DEJA_KEY_SALT=<text>    part of every key: results with another salt are not found
  DEJA_EXCLUDE=<patterns> sources that are not looked up, separated by ':'
  DEJA_MIN_COST=<time>    a run that took less time is not stored
  DEJA_FALLBACK=<program> runs the compilers whose commands are not looked up, such as ccache
  DEJA_LOG=<file>|stderr  log of the engine
  DEJA_PROGRESS=off|hits|all
                          one line on stderr for each hit, or for each command
  DEJA_REMOTE=<url>,…     remote caches, nearest first: s3://, redis://, http(s)://, file://
  DEJA_REMOTE_MODE=rw|ro|wo|off
                          whether they are read and written

deja prints nothing of its own unless asked. A failure inside deja never fails a build; 'deja stats'
and 'deja doctor' show it. Exit codes of subcommands: 0 done, 1 problems found, 2 wrong usage. In
front of a command: the command's own, or 127 when there is no such program.
)help";

std::string overview() {
  std::string out = "deja " + std::string(wire::kVersion) +
                    ": a build cache. It puts back what a tool wrote if nothing the tool looked at "
                    "has changed.\n\n";
  out += kUsageText;
  out += "\nSubcommands ('deja help <subcommand>' for more):\n";
  Table table;
  for (const Subcommand& subcommand : subcommands())
    table.row({subcommand.name, subcommand.summary});
  out += table.text("  ") + "\n";
  out += kEnvironment;
  return out;
}

int write_man_pages(const std::string& directory) {
  for (const ManPage& page : man_pages(command_infos())) {
    const std::string path = directory + "/" + page.name + ".1";
    if (const auto done = os::write_file_atomic(path, page.text, 0644); !done) {
      print_error("help: " + done.error().message);
      return kProblems;
    }
  }
  return kDone;
}

}  // namespace

std::string environment_help() { return std::string(kEnvironment); }

int run_help(const Context& context, Args args) {
  std::string name, man;
  OptionTable options("help", "An overview, or the text for one subcommand.");
  options.optional("SUBCOMMAND", "The subcommand", name);
  options.text("--man", "Write the man pages into this directory", man);
  const bool asks_for_itself =
      !args.empty() && (args.front() == "help" || args.front() == "--help" || args.front() == "-h");
  if (asks_for_itself) return print(overview()), kDone;
  if (const auto code = options.parse(args)) return *code;
  if (!man.empty()) return write_man_pages(man);
  if (name.empty()) return print(overview()), kDone;
  const Subcommand* subcommand = find_subcommand(name);
  if (subcommand == nullptr) {
    print_error("help: no such subcommand '" + name + "'; see 'deja help'");
    return kUsage;
  }
  const std::string ask = "--help";
  return subcommand->run(context, Args(&ask, 1));
}

}  // namespace deja::cli
