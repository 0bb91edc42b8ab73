// SPDX-License-Identifier: Apache-2.0
// Suggests a subcommand for a mistyped word, and for options of ccache and sccache. Tested by
// cli_test.cc.
#include "cli/suggest.h"

#include <algorithm>
#include <array>
#include <vector>

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

// The number of letters to add, remove, change, or swap with a neighbour (Damerau).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t k = 0; k <= b.size(); ++k) {
      if (i == 0 || k == 0) {
        d[i][k] = i + k;
        continue;
      }
      const std::size_t changed = d[i - 1][k - 1] + (a[i - 1] == b[k - 1] ? 0 : 1);
      d[i][k] = std::min({d[i - 1][k] + 1, d[i][k - 1] + 1, changed});
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
        d[i][k] = std::min(d[i][k], d[i - 2][k - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string suggestion_for(std::string_view word) {
  std::string_view meant;
  for (const Habit& habit : kHabits)
    if (habit.option == word) meant = habit.subcommand;
  // Allows one mistake in a short word, two in a longer one.
  std::size_t best = word.size() < 5 ? 2 : 3;
  for (const Subcommand& subcommand : subcommands()) {
    const std::size_t mistakes = distance(word, subcommand.name);
    if (!meant.empty() || mistakes >= best) continue;
    best = mistakes;
    meant = subcommand.name;
  }
  return meant.empty() ? "" : "; did you mean 'deja " + std::string(meant) + "'?";
}

}  // namespace deja::cli
