// Recall: is there a result whose trace holds now?
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "action/result.h"
#include "pipeline/engine.h"
#include "pipeline/world.h"

namespace deja::pipeline {

struct Recalled {
  ActionKey key;
  std::shared_ptr<const action::ActionResult> result;
};

struct RecallOutcome {
  std::optional<Recalled> found;
  std::string why_not;                // what had changed since the newest trace, or "new"
  std::vector<std::string> troubles;  // store failures, taken as "not there"
};

// Looks through the traces known for probe, newest first. Those in `refused` hold, but their results
// could not be put in place (they were made where a folder was there, say, or was not).
RecallOutcome recall_trace(const ProbeKey& probe, World& world, Engine& engine,
                           const std::vector<ActionKey>& refused = {});

// The trace that leads to this result; empty when the manifest is gone.
action::Trace known_trace(const ProbeKey& probe, const ActionKey& key, Engine& engine);

}  // namespace deja::pipeline
