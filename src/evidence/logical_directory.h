// SPDX-License-Identifier: Apache-2.0
// The working directory as PWD names it. Compilers use the variable while it leads to the directory
// that they are in, and write its text to debug information; else they use the real path
// (getcwd(3)). So of PWD it counts which of the two it is. Where an output holds the name itself,
// the result is bound to the root logical_cwd.
#pragma once

#include <string>

#include "action/roots.h"
#include "tool/tool.h"

namespace deja::evidence {

enum class LogicalDirectory {
  none,    // unset, another directory, or the real path
  named,   // another name of the working directory
  untidy,  // one that no root can stand for ("/a//b", "/a/./b", "/proc/self/cwd"): its text counts
};

LogicalDirectory logical_directory(const tool::Command& command);

// Adds the logical names of cwd and workspace to the roots where there are any.
void add_logical_roots(const tool::Command& command, action::Roots& roots);

}  // namespace deja::evidence
