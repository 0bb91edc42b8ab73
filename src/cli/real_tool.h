// SPDX-License-Identifier: Apache-2.0
// Finds the program that a name means when deja is left out.
#pragma once

#include <string>

#include "cli/context.h"

namespace deja::cli {

// Absolute path; empty: PATH has no such program except deja itself.
std::string find_real_tool(const Context& context, const std::string& name);

}  // namespace deja::cli
