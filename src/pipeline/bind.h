// Binding: which roots must be where they were for a result to be used? By evidence, after the run.
//
// A trace says "<root>/a.h" where the tool said "/ws/a.h", so that another checkout finds it. That
// is right only while each such path came from what moves along: the working folder, an argument or
// a variable that is a path below the root. A path that is spelled out anywhere else (in a source,
// a response file, a macro), or put together from a folder outside the root and a name inside a
// source, stays where it is when the checkout moves. And what a tool makes of a path that did move
// along must not be in an artifact, in whatever form. docs/traps/root-names.md lists the ways.
#pragma once

#include <cstdint>

#include "pipeline/leaks.h"
#include "pipeline/materialize.h"
#include "pipeline/mentions.h"
#include "pipeline/witness.h"

namespace deja::pipeline {

// The search in the artifacts, with what prefix maps of an outer folder leave of a root's name.
LeakSearch make_leak_search(const Target& target, const Testimony& testimony);

// Adds claims about the places of roots, and about variables that are found in an output after
// all, to the testimony's trace. A root below the workspace that must only stay where it is in the
// workspace is bound to that.
void bind_roots(const Target& target, const LeakSearch& leaks, Testimony& testimony,
                Mentions& mentions);

}  // namespace deja::pipeline
