// SPDX-License-Identifier: Apache-2.0
// Publish: what a run taught us, stored so that the next invocation can hit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "action/not_stored.h"
#include "pipeline/finished_run.h"
#include "pipeline/flights.h"
#include "pipeline/services.h"

namespace deja::pipeline {

struct PublishOutcome {
  std::shared_ptr<const Published> published;  // null: nothing was stored
  std::optional<action::Problem> not_stored;   // why, where nothing was
  // What those who waited may use: what was stored, or what this request did not want stored. Null:
  // nothing is proven, or nobody has waited.
  std::shared_ptr<const Published> to_share;
  std::vector<std::string> undeclared;  // what --strict has found, one line each
  bool dup = false;
  std::uint64_t bytes = 0, cloned_bytes = 0;
  std::vector<std::string> troubles;
};

// Stores blobs, then the result, then the manifest, and only if every input is still what the run read.
// Changes neither the outputs nor the exit code that the user has by now.
PublishOutcome publish(const FinishedRun& run, const Settings& settings, Services& services);

}  // namespace deja::pipeline
