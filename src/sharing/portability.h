// Binding: which roots must be where they were for a result to be used? By evidence, after the run.
//
// A trace says "<root>/a.h" where the tool said "/ws/a.h", so that another checkout finds it. That
// is right only while each such path came from what moves along: the working directory, an argument or
// a variable that is a path below the root. A path that is spelled out anywhere else (in a source,
// a response file, a macro), or put together from a directory outside the root and a name inside a
// source, stays where it is when the checkout moves. And what a tool makes of a path that did move
// along must not be in an artifact, in whatever form. docs/traps/root-names.md lists the ways.
#pragma once

#include <cstdint>

#include "evidence/trace_builder.h"
#include "sharing/root_search.h"
#include "sharing/run_context.h"
#include "sharing/text_search_cache.h"

namespace deja::sharing {

// The search in the artifacts, with what prefix maps of an outer directory leave of a root's name.
RootSearch make_root_search(const RunContext& run, const evidence::RunFacts& run_facts);

// Adds claims about the places of roots, and about variables that are found in an output after
// all, to the run_facts's trace. A root below the workspace that must only stay where it is in the
// workspace is bound to that.
void decide_portability(const RunContext& run, const RootSearch& leaks,
                        evidence::RunFacts& run_facts, TextSearchCache& mentions);

}  // namespace deja::sharing
