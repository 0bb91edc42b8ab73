// SPDX-License-Identifier: Apache-2.0
// A run of the tool that has ended, with what was looked at before it.
#pragma once

#include <vector>

#include "evidence/declared.h"
#include "evidence/trace_builder.h"
#include "os/output_locks.h"
#include "pipeline/client.h"
#include "pipeline/materialize.h"
#include "pipeline/prepare.h"

namespace deja::pipeline {

struct BeforeRun {
  os::OutputLocks locks{};                // held from before the run until its outputs are stored
  std::vector<evidence::Before> updates;  // look_before()
  std::vector<evidence::Mark> marks;      // mark_outputs(), where nothing is observed
};

struct FinishedRun {
  const Prepared& prepared;
  const Target& target;
  const BeforeRun& before;
  const RunReport& report;

  const tool::Invocation& invocation() const { return target.invocation; }
};

}  // namespace deja::pipeline
