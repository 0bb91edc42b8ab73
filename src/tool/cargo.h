// SPDX-License-Identifier: Apache-2.0
// Where cargo puts what it builds (cargo's book, "Build cache"; "Environment variables").
#pragma once

#include <string>
#include <string_view>

#include "tool/tool.h"

namespace deja::tool {

// Cargo's target directory, found from the --out-dir that cargo passes to rustc:
// <it>/[triple/]<profile>/deps, …/examples or …/build/<package>-<hash>. Empty: --out-dir has
// another form. target: a triple, or a file that describes one; may be empty.
std::string target_directory_of(std::string_view out_dir, std::string_view target);

// The same for a tool that a build script starts (a compiler, by the crate cc): from OUT_DIR, which is
// <it>/[triple/]<profile>/build/<package>-<hash>/out. Empty: no build script has started it.
std::string target_directory_of_build_script(const Command& command);

}  // namespace deja::tool
