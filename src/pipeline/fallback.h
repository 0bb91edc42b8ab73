// SPDX-License-Identifier: Apache-2.0
// The setting `fallback`: another wrapper (ccache, distcc, icecc, sccache) in front of what deja leaves alone. Why only
// there: docs/decisions/0014-fallback.md.
#pragma once

#include <string>

#include "pipeline/client.h"
#include "pipeline/services.h"
#include "tool/tool.h"

namespace deja::pipeline {

struct Fallback {
  std::string program;  // absolute; empty: the tool runs by itself
  std::string problem;  // the setting names a program that is not there
};

// The program in front of a compiler (tool: its path) that is not looked up for this reason.
Fallback find_fallback(const Settings& settings, const Request& request, tool::BypassReason why,
                       const tool::Adapter* adapter, const std::string& tool);

// The same where nothing is known of the command yet.
Fallback find_fallback(const Settings& settings, const Request& request, tool::BypassReason why);

}  // namespace deja::pipeline
