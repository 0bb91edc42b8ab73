// SPDX-License-Identifier: Apache-2.0
// The adapter for a tool that the configuration names and no other adapter knows (`tools."mygen" =
// "any"`). The user promises that it is one bounded job; everything else is observed. So all
// arguments are part of the key as they are, results stay in the directory where they were made,
// and everything that any of its programs reads or asks for counts.
#include <algorithm>
#include <iterator>

#include "base/path.h"
#include "tool/tool.h"

namespace deja::tool {
namespace any {
namespace {

constexpr std::uint64_t kClockMonotonic = 3;  // enum deja_clock in observe/preload/log_layout.h

// bash reads the clock when it starts. A script gets the time, or a number derived from it, only
// through these spellings (bash 5.2's manual). Any other program that a script asks for the time is
// seen to read the clock itself.
constexpr std::string_view kTimeSpellings[] = {"EPOCH", "SECONDS", "RANDOM", ")T",
                                               "@P",    "PS4",     "eval"};

bool script_may_output_time(std::string_view text) {
  return std::any_of(
      std::begin(kTimeSpellings), std::end(kTimeSpellings),
      [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

constexpr Timekeeper kShells[] = {{"sh", script_may_output_time}};

class AnyAdapter final : public Adapter {
 public:
  bool knows(std::string_view) const override { return false; }

  Classified classify(const Command& command, const Options&) const override {
    if (command.talks_to_terminal) return Bypass{BypassReason::interactive, {}};
    Invocation out;
    out.identity.adapter = "any";
    out.identity.language = "any";
    out.identity.what = base_name(command.argv.front());
    out.policy.is_unknown = true;
    out.outputs.are_opaque = true;
    out.policy.facts_count = false;
    out.policy.timekeeper = kShells;
    for (const std::string_view word : command.argv) out.run.argv.emplace_back(word);
    for (std::size_t i = 1; i < command.argv.size(); ++i)
      out.key.arguments.push_back({std::string(command.argv[i])});
    return out;
  }

  VariableUse variable_use(std::string_view, std::string_view) const override {
    return VariableUse::value;
  }
  bool clock_matters(std::uint64_t clock) const override { return clock != kClockMonotonic; }
  std::span<const TrustedScript> trusted_script(const Invocation&) const override { return {}; }
  bool proves_failure(const Invocation&, std::uint32_t, std::string_view) const override {
    return false;
  }
  std::optional<std::string> move_depfile(const Invocation&, std::string_view,
                                          const TextMoves&) const override {
    return std::nullopt;
  }
};

}  // namespace
}  // namespace any

const Adapter& any_adapter() {
  static const any::AnyAdapter adapter;
  return adapter;
}

}  // namespace deja::tool
