// SPDX-License-Identifier: Apache-2.0
// Modules that clang makes on demand (-fmodules), in a directory that its runs share.
//
// A module is made of headers, so it is not an output: a hit does not make it, and a later run of clang makes
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

#include <functional>
#include <optional>
#include <vector>

#include "action/manifest.h"
#include "action/roots.h"
#include "action/trace.h"
#include "digest/file_digester.h"
#include "evidence/run_facts.h"
#include "evidence/text_search_cache.h"
#include "tool/tool.h"

namespace deja::evidence {

// The run that read or made modules.
struct ModuleRun {
  const tool::Command& command;
  const tool::Invocation& invocation;
  const action::Roots& roots;
  const Digest& tool;  // as it is keyed
  bool has_failed = false;
  bool has_printed = false;
};

// What is stored under a key of a module; none: nothing.
using FindManifest = std::function<std::optional<action::Manifest>(const ProbeKey&)>;

// Adds the claims about the modules that a run read, or says why there are none (RunFacts::problem).
void claim_modules(const ModuleRun& run, digest::FileDigester& digester, TextSearchCache& mentions,
                   const FindManifest& find, RunFacts& run_facts);

// What a module of this run is made of, to be stored under its key for later runs that read it.
struct MadeModule {
  ProbeKey key;
  ActionKey result;
  action::Trace trace;
};
// trace: of the run. Modules of which not everything is known are left out.
std::vector<MadeModule> made_modules(const ModuleRun& run, const action::Trace& trace,
                                     const std::vector<RunFacts::Module>& modules);

}  // namespace deja::evidence
