// SPDX-License-Identifier: Apache-2.0
// The user's rules for what is left alone, each a pattern (base/glob.h). A rule that matches makes the command a
// bypass, whose detail names the rule.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tool/tool.h"

namespace deja::pipeline {

struct Rules {
  std::vector<std::string> sources = {};    // absolute paths
  std::vector<std::string> tools = {};      // names; paths, where the pattern holds a '/'
  std::vector<std::string> arguments = {};  // whole ones, each by itself
  std::vector<std::string> variables = {};  // NAME or NAME=VALUE
};

// What the command line itself says; asked before an adapter reads it.
std::optional<tool::Bypass> rule_against(const Rules& rules, const tool::Command& command);
// What the adapter has made of it: sources, and the arguments in response files.
std::optional<tool::Bypass> rule_against(const Rules& rules, const tool::Invocation& invocation);

// Could a variable that is shell noise (base/shell_noise.h) make a rule match?
bool names_shell_noise(const Rules& rules);

}  // namespace deja::pipeline
