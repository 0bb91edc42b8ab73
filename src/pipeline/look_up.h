// SPDX-License-Identifier: Apache-2.0
// Look up: is there a stored result whose trace holds now?
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "action/result.h"
#include "evidence/claim_checker.h"
#include "pipeline/services.h"

namespace deja::pipeline {

struct StoredResult {
  ActionKey key;
  std::shared_ptr<const action::ActionResult> result;
};

struct LookUpOutcome {
  std::optional<StoredResult> found;
  std::string why_not;                // what has changed since the newest trace, or "new"
  std::vector<std::string> troubles;  // failures of the store, taken as "not there"
};

// Checks the traces known for probe, newest first. `refused`: keys of results whose traces hold but that
// could not be put in place (a directory is missing, for example).
LookUpOutcome look_up_trace(const ProbeKey& probe, evidence::ClaimChecker& checker,
                            Services& services, const std::vector<ActionKey>& refused = {});

// What the newest run under this probe key took, if a look-up has just met it; 0: not known.
std::uint64_t known_cost_ns(const ProbeKey& probe, Services& services);

// The trace of this result; empty when its manifest is not in memory.
action::Trace known_trace(const ProbeKey& probe, const ActionKey& key, Services& services);

}  // namespace deja::pipeline
