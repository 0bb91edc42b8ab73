// SPDX-License-Identifier: Apache-2.0
// What an outcome says of a request, for the journal.
#pragma once

#include <string>

#include "action/result.h"
#include "action/roots.h"
#include "pipeline/outcome.h"

namespace deja::pipeline {

void describe(const std::string& tool, const tool::Invocation& invocation,
              const action::Roots& roots, const ProbeKey& probe, Outcome& outcome);
void describe_hit(const ActionKey& key, const action::ActionResult& result, Outcome& outcome);

}  // namespace deja::pipeline
