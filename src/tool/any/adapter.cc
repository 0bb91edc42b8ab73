// The adapter for a tool that the configuration names and nobody knows (`tools."mygen" = "any"`). One
// bounded job, says the user; everything else is what was seen. So all arguments are keyed as they are,
// results stay where they were made, and everything that any of its programs looks at or asks counts.
#include <algorithm>
#include <iterator>

#include "base/path.h"
#include "tool/tool.h"

namespace deja::tool {
namespace any {
namespace {

constexpr std::uint64_t kClockMonotonic = 3;  // enum deja_clock in observe/preload/log_layout.h

// bash asks for the time at its start. A script has these ways to be told it, or a number made of it
// (bash 5.2's manual; any other program that a script asks is one that reads the clock).
constexpr std::string_view kTelling[] = {"EPOCH", "SECONDS", "RANDOM", ")T", "@P", "PS4", "eval"};

bool script_may_tell(std::string_view text) {
  return std::any_of(std::begin(kTelling), std::end(kTelling), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

constexpr Timekeeper kShells[] = {{"sh", script_may_tell}};

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
