// What clang keeps declarations in: precompiled headers and modules, a bit stream.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deja::formats {

inline constexpr std::string_view kAstMagic = "CPCH";

// Could this file hold the modification times of the files it was made of? clang writes zeros there
// for modules that a build system makes, and with -fno-pch-timestamp. False only when it has been
// read and every time is zero.
bool ast_may_hold_times(std::string_view file);

// A file that a module was made of, by absolute names: as it was looked for, and as it was found.
struct AstInput {
  std::string asked, found;
};
// Those of a module that clang made on demand. Empty: it cannot be told.
std::optional<std::vector<AstInput>> ast_inputs(std::string_view file);

}  // namespace deja::formats
