// SPDX-License-Identifier: Apache-2.0
// Takes a compiler's name apart: "aarch64-linux-gnu-g++-12" is gcc's driver for C++.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "tool/cc/options.h"

namespace deja::tool::cc {

struct Program {
  Dialect dialect = kEither;
  bool plus = false;          // the C++ driver
  bool preprocesses = false;  // cpp: -E is implied
};

// Accepts a path or a name. Empty for everything that is not a driver (gcc-ar, clang-tidy, cc1).
std::optional<Program> parse_program(std::string_view name);

// Without target and version.
std::vector<std::string_view> driver_names();

}  // namespace deja::tool::cc
