// A compiler's command line becomes an Invocation or a Bypass. See tool.h for what has to be known
// and options.h for why that is so little.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tool/cc/arguments.h"
#include "tool/cc/program.h"
#include "tool/tool.h"

namespace deja::tool::cc {

// What classifying asks the world; tests and fuzzers put something else in its place.
struct MachineQueries {
  ReadText read_response;
  std::function<std::optional<std::string>()> cpu_identity;
};

Classified classify_command(const Command& command, const Program& program, const Options& options,
                            const MachineQueries& machine);

}  // namespace deja::tool::cc
