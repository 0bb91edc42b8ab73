// The program that a name means to the user, with deja out of the way.
#pragma once

#include <string>

#include "cli/context.h"

namespace deja::cli {

// Absolute path; empty: there is none on PATH but deja itself.
std::string find_real_tool(const Context& context, const std::string& name);

}  // namespace deja::cli
