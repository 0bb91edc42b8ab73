// SPDX-License-Identifier: Apache-2.0
// What a directory is built with.
#pragma once

#include <string>
#include <vector>

namespace deja::setup {

struct BuildSystem {
  const char* name;  // "CMake"
  const char* file;  // the file that shows it
  const char* kind;  // the option of `deja init` for it; empty: nothing to set up
  const char* use;   // how to build with deja
};

// Those of the directory, the most specific first.
std::vector<BuildSystem> build_systems(const std::string& directory);

}  // namespace deja::setup
