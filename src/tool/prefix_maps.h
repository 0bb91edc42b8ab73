// paths.portable: outputs name files relative to the root. The first root becomes ".", so that a
// debugger started there finds its sources; others become "./root-2" …, names that a debugger can be
// told about (gdb: set substitute-path; lldb: target.source-map) and that cannot be mistaken for the
// first one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tool/tool.h"

namespace deja::tool {

// Adds an option for each root to what is run and what is keyed; flag: "-ffile-prefix-map=". Roots below
// another root need none of their own. Maps of the user's come later on his command line, and win.
// aliases: other names of roots, see Options.
void add_prefix_maps(const std::vector<std::string>& roots, std::string_view flag, Invocation& out,
                     const std::vector<std::pair<std::string, std::string>>& aliases = {});

}  // namespace deja::tool
