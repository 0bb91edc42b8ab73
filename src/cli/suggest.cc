// SPDX-License-Identifier: Apache-2.0
// Suggests a subcommand for a mistyped word, and for options of ccache and sccache. Tested by
// cli_test.cc.
#include "cli/suggest.h"

#include <array>

#include "base/spelling.h"
#include "cli/context.h"

namespace deja::cli {
namespace {

// Options of ccache and sccache that their users type out of habit.
struct Habit {
  std::string_view option, subcommand;
};
constexpr std::array kHabits = {
    Habit{"-s", "stats"},
    Habit{"--show-stats", "stats"},
    Habit{"-z", "stats --zero"},
    Habit{"--zero-stats", "stats --zero"},
    Habit{"-C", "purge --yes"},
    Habit{"--clear", "purge --yes"},
    Habit{"-c", "gc"},
    Habit{"--cleanup", "gc"},
    Habit{"-p", "config"},
    Habit{"--show-config", "config"},
    Habit{"-M", "config set store.limit"},
    Habit{"--max-size", "config set store.limit"},
    Habit{"-d", "config"},
    Habit{"--stop-server", "daemon stop"},
    Habit{"--start-server", "daemon start"},
};

}  // namespace

std::string suggestion_for(std::string_view word) {
  std::string_view meant;
  for (const Habit& habit : kHabits)
    if (habit.option == word) meant = habit.subcommand;
  std::size_t best = mistakes_allowed(word) + 1;
  for (const Subcommand& subcommand : subcommands()) {
    const std::size_t mistakes = mistakes_between(word, subcommand.name);
    if (!meant.empty() || mistakes >= best) continue;
    best = mistakes;
    meant = subcommand.name;
  }
  return meant.empty() ? "" : "; did you mean 'deja " + std::string(meant) + "'?";
}

}  // namespace deja::cli
