// SPDX-License-Identifier: Apache-2.0
#include "tool/cc/program.h"

#include "base/path.h"
#include "tool/program_name.h"

namespace deja::tool::cc {
namespace {

struct Driver {
  std::string_view name;
  Program program;
  bool plain_version;  // "clang19" is a name in use, but "cc1" is not cc with a version
};

constexpr Driver kDrivers[] = {
    {"gcc", {kGcc, false}, true},
    {"g++", {kGcc, true}, true},
    {"clang", {kClang, false}, true},
    {"clang++", {kClang, true}, true},
    {"cc", {kEither, false}, false},
    {"c++", {kEither, true}, false},
    {"emcc", {kEmscripten, false}, false},
    {"em++", {kEmscripten, true}, false},
    {"c89", {kEither, false}, false},
    {"c99", {kEither, false}, false},
    // gcc's driver that links for another language.
    {"gfortran", {kGcc, false}, false},
    {"gnatgcc", {kGcc, false}, false},
    {"gccgo", {kGcc, false}, false},
    {"gdc", {kGcc, false}, false},
    {"cpp", {kGcc, false, true}, false},
    {"clang-cpp", {kClang, false, true}, false},
    {"gm2", {kGcc, false}, false},
    {"f77", {kGcc, false}, false},
    {"f95", {kGcc, false}, false},
};

// "", "-12", "-12.2.0", "19" where the driver allows it, mingw's "-posix" and "-win32".
bool is_suffix(std::string_view text, const Driver& driver) {
  if (text.empty() || text == "-posix" || text == "-win32") return true;
  if (text.front() == '-') return is_version(text.substr(1));
  return driver.plain_version && is_version(text);
}

}  // namespace

std::optional<Program> parse_program(std::string_view name) {
  const std::string_view base = base_name(name);
  std::optional<Program> found;
  std::size_t found_size = 0;
  for (const Driver& driver : kDrivers) {
    const std::size_t at = base.rfind(driver.name);
    if (at == std::string_view::npos || driver.name.size() <= found_size) continue;
    if (!is_target_prefix(base.substr(0, at)) ||
        !is_suffix(base.substr(at + driver.name.size()), driver))
      continue;
    found = driver.program;
    found_size = driver.name.size();
  }
  return found;
}

std::vector<std::string_view> driver_names() {
  std::vector<std::string_view> names;
  for (const Driver& driver : kDrivers) names.push_back(driver.name);
  return names;
}

}  // namespace deja::tool::cc
