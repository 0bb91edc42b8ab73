// SPDX-License-Identifier: Apache-2.0
// The variables that an engine is started with. It serves many clients for hours, so it must not keep
// variables of the first client (LD_PRELOAD of fakeroot, LD_LIBRARY_PATH, MAKEFLAGS, …).
// Freestanding: the client and the subcommands both start engines and must use the same rule.
#pragma once

#include <string_view>

namespace deja::os {

// entry: "NAME=value".
constexpr bool is_for_engine(std::string_view entry) {
  const std::string_view name = entry.substr(0, entry.find('='));
  // Settings, the location of configuration files, and options for sanitizers in test builds.
  return name.starts_with("DEJA_") || name.starts_with("XDG_") || name == "HOME" ||
         name.ends_with("SAN_OPTIONS");
}

}  // namespace deja::os
