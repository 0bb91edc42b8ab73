// Publish: what a run taught us, stored so that the next invocation can hit.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/client.h"
#include "pipeline/engine.h"
#include "pipeline/flights.h"
#include "pipeline/materialize.h"
#include "pipeline/witness.h"

namespace deja::pipeline {

struct PublishOutcome {
  std::shared_ptr<const Published> published;  // null: nothing was stored
  std::string why_not;
  bool was_unheard = false;   // some program could not be seen by the interposer
  bool gains_rights = false;  // some program is setuid or the like
  bool dup = false;
  std::uint64_t bytes = 0;
  std::vector<std::string> troubles;
};

// From here on the user has his outputs and the tool's exit code is known; nothing below changes
// either. before: what look_before() saw.
PublishOutcome publish(const ProbeKey& probe, const tool::Command& command, const Target& target,
                       const std::vector<Before>& before, const RunReport& report, Engine& engine);

}  // namespace deja::pipeline
