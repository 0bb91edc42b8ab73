// Modules that clang makes on demand (-fmodules), in a directory that its runs share.
//
// What is in that directory follows from headers, so it is no output: a hit leaves it alone, and a later
// run of clang makes what it misses (docs/decisions/0011-modules.md). It is an input all the same:
//
// - A run that made a module itself has seen all that the module was made of. Its result is right where
//   the module is not there, or is the one that it made, and everything behind it is unchanged.
// - A run that read one that was there has not. Where another run that deja observed made these bytes,
//   under the same options in the same place, what that one claimed is claimed here, too. Else the
//   result is right only while these bytes are there, and every file that clang compared by size and
//   time has these.
// - Messages about a module's headers come from the run that makes it, so such a run is not stored.
#pragma once

#include <vector>

#include "action/trace.h"
#include "evidence/trace_builder.h"
#include "pipeline/finished_run.h"
#include "pipeline/services.h"

namespace deja::pipeline {

// Adds what is to be claimed of the modules that a run read, or says why nothing can be
// (RunFacts::problem).
void claim_modules(const FinishedRun& run, Services& services, evidence::RunFacts& run_facts);

// Keeps what the modules that this run made were made of, for those who will read them.
void remember_modules(const FinishedRun& run, const action::Trace& trace,
                      const std::vector<evidence::RunFacts::Module>& modules, Services& services);

}  // namespace deja::pipeline
