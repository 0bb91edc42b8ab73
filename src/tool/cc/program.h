// What a compiler's name says: "aarch64-linux-gnu-g++-12" is gcc's driver for C++.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "tool/cc/options.h"

namespace deja::tool::cc {

struct Program {
  Dialect dialect = kEither;
  bool plus = false;          // the C++ driver
  bool preprocesses = false;  // cpp: -E goes without saying
};

// Takes a path or a name; empty for everything that is no driver (gcc-ar, clang-tidy, cc1, cpp).
std::optional<Program> parse_program(std::string_view name);

// Without target and version.
std::vector<std::string_view> driver_names();

}  // namespace deja::tool::cc
