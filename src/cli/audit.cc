// SPDX-License-Identifier: Apache-2.0
// `deja audit [--rate R | --all] COMMAND…`: runs the command with DEJA_AUDIT set. Its hits (or a
// sample of them) then run the tool as well, and the results are compared. The store does not hold
// the environment of a result, so only a build that runs again can be audited.
#include <limits>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/event_text.h"
#include "cli/format.h"
#include "cli/options.h"
#include "config/value.h"
#include "journal/reader.h"
#include "os/clock.h"
#include "os/process.h"

namespace deja::cli {
namespace {

constexpr std::string_view kEqual = "audit: equal";
constexpr std::string_view kPrefix = "audit: ";

// Runs the command with this variable set. Returns its exit code, or 127 when there is no such
// program.
int run_with(const std::string& variable, const std::vector<std::string>& command) {
  const std::string name = variable.substr(0, variable.find('=') + 1);
  os::Texts environment = os::own_environment();
  std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(name); });
  environment.push_back(variable);
  const auto child = os::start_program(command.front(), command, environment);
  if (!child) {
    print_error("audit: " + child.error().message);
    return 127;
  }
  const auto how = os::ended(*child, true);
  if (!how) return 127;
  return how->signal != 0 ? 128 + how->signal : how->exit_code;
}

}  // namespace

int run_audit(const Context& context, Args args) {
  bool all = false;
  std::string rate = "0.1";
  std::vector<std::string> command;
  OptionTable options(
      "audit", "Runs a build in which hits run the tool anyway, and compares the outputs.",
      "A stored result that differs is removed, and the inputs that its trace lacks are named.\n"
      "Exit code: the command's own; 1 when it is 0 and a stored result was wrong.\n"
      "Example: deja audit --all make -j8");
  options.text("--rate", "The share of hits to compare, from 0 to 1 (default: 0.1)", rate);
  options.flag("--all", "All hits: --rate 1", all);
  options.rest("COMMAND", "What to run, with its arguments", command);
  if (const auto code = options.parse(args)) return *code;
  if (all) rate = "1";
  if (!config::parse_rate(rate)) {
    print_error("audit: --rate: '" + rate + "' is not a number from 0 to 1");
    return kUsage;
  }

  const std::int64_t since_ns = os::wall_ns();
  const int code = run_with("DEJA_AUDIT=" + rate, command);
  const journal::Filter filter = [&](const journal::Event& event) {
    return event.time_ns >= since_ns - 1'000'000 && event.reason.starts_with(kPrefix);
  };
  const auto events =
      journal::read_events(context.journal(), std::numeric_limits<std::size_t>::max(), filter);
  if (!events) {
    print_error("audit: " + events.error().message);
    return code != 0 ? code : kProblems;
  }
  std::size_t equal = 0;
  for (const journal::Event& event : *events) {
    if (event.reason == kEqual) {
      ++equal;
    } else {
      print_error(tool_text(event) + " " + printable(event.what) + ": " + printable(event.reason));
    }
  }
  const std::size_t wrong = events->size() - equal;
  print_error("audit: " + counted(events->size(), "hit") + " compared, " + std::to_string(wrong) +
              " wrong");
  return code == 0 && wrong != 0 ? kProblems : code;
}

}  // namespace deja::cli
