// Facts about linkers and the programs that start them, for every adapter that has them in a tool's
// process tree.
#pragma once

#include <string_view>

namespace deja::tool {

// GNU ld and gold, collect2, and gcc's lto-wrapper, with or without a target and a version. They
// ask for real paths only to see whether two names are one file, or whether a path is below the
// sysroot (binutils ld/ldmain.c, ld/ldfile.c).
bool is_linker(std::string_view program);

}  // namespace deja::tool
