// SPDX-License-Identifier: Apache-2.0
// Turns a compiler's command line into an Invocation or a Bypass. tool.h says what an adapter must
// know, options.h why that is so little.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tool/cc/arguments.h"
#include "tool/cc/program.h"
#include "tool/tool.h"

namespace deja::tool::cc {

// The questions that classifying asks about the machine; tests and fuzzers give their own answers.
struct MachineQueries {
  ReadText read_response;
  std::function<std::optional<std::string>()> cpu_identity;
};

Classified classify_command(const Command& command, const Program& program, const Options& options,
                            const MachineQueries& machine);

}  // namespace deja::tool::cc
