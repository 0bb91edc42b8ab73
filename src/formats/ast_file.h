// SPDX-License-Identifier: Apache-2.0
// Precompiled headers and modules of clang: an LLVM bit stream.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deja::formats {

inline constexpr std::string_view kAstMagic = "CPCH";

// Could this file contain the modification times of its inputs? clang writes zeros there for modules
// that a build system makes, and with -fno-pch-timestamp. False only if the file was parsed and every
// time is zero.
bool ast_may_hold_times(std::string_view file);

// An input of a module, by absolute names: as clang searched for it, and as it found it.
struct AstInput {
  std::string asked, found;
};
// The inputs of a module that clang made on demand. Empty: the file cannot be parsed.
std::optional<std::vector<AstInput>> ast_inputs(std::string_view file);

}  // namespace deja::formats
