// SPDX-License-Identifier: Apache-2.0
// Binding: which roots must have the same path for a result to be used? Decided after the run, by
// evidence.
//
// A trace says "<root>/a.h" where the tool read "/ws/a.h", so that another checkout finds its own
// file. That is right only when each such path came from something that moves with the root: the
// working directory, or an argument or a variable that is a path below the root. A path that is
// spelled out elsewhere (in a source, a response file, a macro), or joined from a directory outside
// the root and a name in a source, does not change when the checkout moves. And no artifact may
// contain a path that moves, in any form. docs/traps/root-names.md lists the cases.
#pragma once

#include <cstdint>

#include "evidence/text_search_cache.h"
#include "evidence/trace_builder.h"
#include "sharing/root_search.h"
#include "sharing/run_context.h"

namespace deja::sharing {

// The search of the artifacts, including the parts of a root's path that prefix maps of an outer
// directory leave.
RootSearch make_root_search(const RunContext& run, const evidence::RunFacts& run_facts);

// Adds claims to the run's trace: about the paths of roots, and about ignored variables whose text
// occurs in an output. A root that only must keep its place inside the workspace is bound to that
// place.
void decide_portability(const RunContext& run, const RootSearch& leaks,
                        evidence::RunFacts& run_facts, evidence::TextSearchCache& mentions);

}  // namespace deja::sharing
