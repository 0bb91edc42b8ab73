// Publish: what a run taught us, stored so that the next invocation can hit.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evidence/trace_builder.h"
#include "pipeline/client.h"
#include "pipeline/flights.h"
#include "pipeline/materialize.h"
#include "pipeline/output_locks.h"
#include "pipeline/prepare.h"
#include "pipeline/services.h"

namespace deja::pipeline {

struct PublishOutcome {
  std::shared_ptr<const Published> published;  // null: nothing was stored
  std::string why_not;
  // What those who waited may use: what was stored, or what this request did not want stored. Null:
  // nothing is proven, or nobody has waited.
  std::shared_ptr<const Published> to_share;
  std::vector<std::string> undeclared;  // what --strict has found, one line each
  bool was_unheard = false;             // some program could not be seen by the interposer
  bool gains_rights = false;            // some program is setuid or the like
  bool read_much = false;               // its log took much memory
  bool dup = false;
  std::uint64_t bytes = 0;
  std::vector<std::string> troubles;
};

// What was looked at right before a run.
struct BeforeRun {
  std::vector<evidence::Before> updates;  // look_before()
  std::vector<evidence::Mark> marks;      // mark_outputs(), where nothing is observed
  OutputLocks locks{};                    // held from before the run on
};

// From here on the user has his outputs and the tool's exit code is known; nothing below changes
// either.
PublishOutcome publish(const Prepared& prepared, const Target& target, const BeforeRun& before,
                       const RunReport& report, bool read_only, Services& services);

}  // namespace deja::pipeline
