// SPDX-License-Identifier: Apache-2.0
// `deja init`: shows what has to change so that a build goes through deja, asks, and does it. What is changed and
// how is in src/setup. Tested by init_test.cc.

#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/format.h"
#include "cli/options.h"
#include "cli/surroundings.h"
#include "os/file.h"
#include "setup/cmake.h"
#include "setup/kinds.h"
#include "setup/migrate.h"
#include "setup/project.h"

namespace deja::cli {
namespace {

struct InitRequest {
  bool cmake = false, meson = false, rust = false, masquerade = false, systemd = false, cc = false;
  std::string from;  // another cache
  bool remove = false, yes = false;
  bool has_plan() const { return cmake || meson || rust || masquerade || systemd || !from.empty(); }
};

int init_failed(const std::string& what) {
  print_error("init: " + printable(what));
  return kProblems;
}

Result<std::vector<setup::Plan>> plans_for(const setup::Surroundings& here,
                                           const InitRequest& wanted) {
  std::vector<setup::Plan> plans;
  if (wanted.cmake) {
    const bool is_project = TRY(os::stat_file(here.cwd + "/CMakeLists.txt")).has_value();
    if (!is_project && !wanted.remove)
      return Error{Code::invalid, 0,
                   here.cwd + " has no CMakeLists.txt: run this in the project's top directory"};
    plans.push_back(TRY(setup::plan_cmake(here, wanted.remove)));
  }
  if (wanted.meson) plans.push_back(TRY(setup::plan_meson(here, wanted.remove)));
  if (wanted.rust) plans.push_back(TRY(setup::plan_rust(here, wanted.remove)));
  if (wanted.masquerade) plans.push_back(TRY(setup::plan_masquerade(here, wanted.remove)));
  if (wanted.systemd) plans.push_back(TRY(setup::plan_systemd(here, wanted.remove)));
  if (!wanted.from.empty())
    plans.push_back(TRY(setup::plan_migration(here, wanted.from, wanted.remove)));
  return plans;
}

// Control characters of a file's name or text must not reach the terminal; line breaks stay.
std::string printable_lines(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += printable(text.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return out;
}

std::string next_text(const std::vector<setup::Plan>& plans) {
  std::string out;
  for (const setup::Plan& plan : plans)
    for (const std::string& line : plan.next)
      out += (out.empty() ? "next:  " : "       ") + printable(line) + "\n";
  return out;
}

bool is_agreed(bool yes) {
  if (yes) return true;
  if (::isatty(STDIN_FILENO) != 1) {
    init_failed(
        "nothing was changed, because standard input is not a terminal: give --yes to do this "
        "without asking");
    return false;
  }
  print("Do this? [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  const bool agreed = answer == "y" || answer == "Y" || answer == "yes";
  if (!agreed) print("nothing was changed\n");
  return agreed;
}

int show_and_apply(const setup::Surroundings& here, const InitRequest& wanted) {
  const auto plans = plans_for(here, wanted);
  if (!plans) return init_failed(plans.error().message);
  bool changes = false;
  for (const setup::Plan& plan : *plans) {
    changes = changes || !plan.steps.empty();
    if (plan.steps.empty()) print(printable(plan.state) + "\n");
    print(printable_lines(setup::describe(plan)));
    for (const std::string& note : plan.notes) print("  " + printable(note) + "\n");
  }
  if (!changes) return kDone;
  if (!is_agreed(wanted.yes)) return kProblems;
  for (const setup::Plan& plan : *plans) {
    const auto done = setup::apply(plan, {here.config_home, here.data_home});
    if (!done) return init_failed(done.error().message);
  }
  print("done\n" + next_text(*plans));
  return kDone;
}

// Without a kind: what the project is built with, and what would be done for it.
int propose(const setup::Surroundings& here, InitRequest wanted) {
  const auto systems = setup::build_systems(here.cwd);
  if (systems.empty())
    return init_failed(
        here.cwd +
        " has no CMakeLists.txt, meson.build, Cargo.toml, configure or Makefile; name "
        "what to set up, see 'deja help init'");
  for (const setup::BuildSystem& system : systems) {
    const std::string kind = system.kind;
    print(std::string(system.name) + " (" + system.file + "): " +
          (kind.empty() ? "nothing to set up; run: " + std::string(system.use)
                        : "deja init " + kind) +
          "\n");
    wanted.cmake = wanted.cmake || kind == "--cmake";
    wanted.meson = wanted.meson || kind == "--meson";
    wanted.rust = wanted.rust || kind == "--rust";
  }
  if (!wanted.has_plan()) return kDone;
  print("\n");
  return show_and_apply(here, wanted);
}

}  // namespace

int run_init(const Context& context, Args args) {
  InitRequest wanted;
  OptionTable options(
      "init", "Puts deja in front of a build: shows what has to change, asks, and does it.",
      "Without a kind it looks at the current directory and proposes one. --remove removes what\n"
      "the same command has added, and nothing else. Without a terminal nothing is changed\n"
      "unless --yes is given.");
  options.flag("--cmake", "Presets with deja in the project's CMakeUserPresets.json", wanted.cmake);
  options.flag("--meson", "A native file \"deja\" for meson setup --native-file deja",
               wanted.meson);
  options.flag("--rust", "Cargo's rustc: one line in $CARGO_HOME/config.toml", wanted.rust);
  options.flag("--cc", "Print lines for CC and CXX: eval \"$(deja init --cc)\"", wanted.cc);
  options.flag("--masquerade",
               "Links called gcc, g++, … in $XDG_DATA_HOME/deja/bin, for the front of PATH",
               wanted.masquerade);
  options.flag("--systemd", "A systemd user unit that starts the engine at login", wanted.systemd);
  options.choice("--from", "Take over the settings of another cache",
                 {"ccache", "sccache", "kache"}, wanted.from);
  options.flag("--remove", "Remove what the same command has added", wanted.remove);
  options.flag("--yes,-y", "Do it without asking", wanted.yes);
  if (const auto code = options.parse(args)) return *code;

  const setup::Surroundings here = surroundings_of(context);
  if (wanted.cc && wanted.has_plan()) {
    print_error("init: --cc only prints lines; leave out the other kinds");
    return kUsage;
  }
  if (wanted.cc) return print(setup::shell_lines(here, wanted.remove)), kDone;
  if (wanted.has_plan()) return show_and_apply(here, wanted);
  if (wanted.remove) {
    print_error("init: --remove needs the kind that was set up; see 'deja help init'");
    return kUsage;
  }
  return propose(here, wanted);
}

}  // namespace deja::cli
