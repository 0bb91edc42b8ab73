// SPDX-License-Identifier: Apache-2.0
// Modules that clang makes on demand (-fmodules), in a directory that its runs share.
//
// A module is made of headers, so it is no output: a hit does not make it, and a later run of clang makes
// what is missing (docs/decisions/0011-modules.md). It is an input:
//
// - A run that made a module has read all that the module is made of. Its result may be used where the
//   module is absent, or is the one that this run made, and all of its headers are unchanged.
// - A run that read an existing module has not read its headers. If another observed run made these bytes,
//   with the same options in the same place, the claims of that run are added to those of this one. Else the
//   result may be used only while these bytes are there, and every file that clang compared by size and time
//   has the same size and time.
// - Messages about a module's headers are printed by the run that makes it, so such a run is not stored.
#pragma once

#include <vector>

#include "action/trace.h"
#include "evidence/trace_builder.h"
#include "pipeline/finished_run.h"
#include "pipeline/services.h"

namespace deja::pipeline {

// Adds the claims about the modules that a run read, or says why there are none (RunFacts::problem).
void claim_modules(const FinishedRun& run, Services& services, evidence::RunFacts& run_facts);

// Stores what the modules that this run made are made of, for later runs that read them.
void remember_modules(const FinishedRun& run, const action::Trace& trace,
                      const std::vector<evidence::RunFacts::Module>& modules, Services& services);

}  // namespace deja::pipeline
