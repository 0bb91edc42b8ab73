// What is known of linkers and of the programs that start them, for the adapters that meet them in a
// tool's process tree.
#pragma once

#include <string_view>

namespace deja::tool {

// GNU ld and gold, collect2, and gcc's lto-wrapper, with or without a target and a version. They ask
// for real paths only to tell whether two names mean one file, or lie below the sysroot
// (binutils ld/ldmain.c, ld/ldfile.c).
bool is_linker(std::string_view program);

}  // namespace deja::tool
