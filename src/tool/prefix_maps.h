// SPDX-License-Identifier: Apache-2.0
// paths.portable: outputs name files relative to the root. The first root becomes ".", so that a
// debugger started there finds the sources. Others become "./root-2" …: a debugger can map these
// names (gdb: set substitute-path; lldb: target.source-map), and they differ from the first one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tool/tool.h"

namespace deja::tool {

// Adds one option for each root to the command that runs and to the key; flag:
// "-ffile-prefix-map=". A root below another root needs no option. The user's own maps come later
// on the command line and so take precedence. aliases: other names of roots, see Options.
void add_prefix_maps(const std::vector<std::string>& roots, std::string_view flag, Invocation& out,
                     const std::vector<std::pair<std::string, std::string>>& aliases = {});

}  // namespace deja::tool
