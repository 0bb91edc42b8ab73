// SPDX-License-Identifier: Apache-2.0
#include "setup/project.h"

#include <array>

#include "os/file.h"

namespace deja::setup {
namespace {

constexpr std::array<BuildSystem, 7> kSystems = {{
    {"CMake", "CMakeLists.txt", "--cmake", "cmake --preset deja"},
    {"Meson", "meson.build", "--meson", "meson setup --native-file deja build"},
    {"Cargo", "Cargo.toml", "--rust", "cargo build"},
    {"autotools", "configure", "", "./configure CC=\"deja gcc\" CXX=\"deja g++\""},
    {"autotools", "configure.ac", "",
     "autoreconf -i && ./configure CC=\"deja gcc\" CXX=\"deja g++\""},
    {"make", "Makefile", "", "make CC=\"deja gcc\" CXX=\"deja g++\""},
    {"make", "GNUmakefile", "", "make CC=\"deja gcc\" CXX=\"deja g++\""},
}};

}  // namespace

std::vector<BuildSystem> build_systems(const std::string& directory) {
  std::vector<BuildSystem> found;
  for (const BuildSystem& system : kSystems) {
    const auto file = os::stat_file(directory + "/" + system.file);
    if (!file || !*file) continue;
    // a Makefile next to a CMakeLists.txt or a configure script is made by it, or calls it
    const bool repeats = !found.empty() && *system.kind == '\0';
    if (!repeats) found.push_back(system);
  }
  return found;
}

}  // namespace deja::setup
