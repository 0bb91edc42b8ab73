// Recall: is there a result whose trace holds now?
#pragma once

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
  std::string why_not;                // what had changed since the newest trace, or "new"
  std::vector<std::string> troubles;  // store failures, taken as "not there"
};

// Looks through the traces known for probe, newest first. Those in `refused` hold, but their results
// could not be put in place (they were made where a directory was there, say, or was not).
LookUpOutcome look_up_trace(const ProbeKey& probe, evidence::ClaimChecker& checker,
                            Services& services, const std::vector<ActionKey>& refused = {});

// The trace that leads to this result; empty when the manifest is gone.
action::Trace known_trace(const ProbeKey& probe, const ActionKey& key, Services& services);

}  // namespace deja::pipeline
