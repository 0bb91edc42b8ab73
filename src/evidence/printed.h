// SPDX-License-Identifier: Apache-2.0
// Can what a run printed be printed again by a hit?
#pragma once

#include <optional>
#include <string>

#include "evidence/run_facts.h"
#include "tool/tool.h"

namespace deja::evidence {

// Why it cannot: it says something that is true of this run alone, or its colours cannot be told apart from
// those of a file. out, err: all that the run printed.
std::optional<Problem> problem_of_texts(const RunFacts& run_facts,
                                        const tool::Invocation& invocation, const std::string& out,
                                        const std::string& err);

}  // namespace deja::evidence
