// Which variables an engine is started with. It serves many clients for hours, so it must not keep
// what belongs to the first of them alone (LD_PRELOAD of fakeroot, LD_LIBRARY_PATH, MAKEFLAGS, …).
// Freestanding: the client and the subcommands start engines, and both must do it alike.
#pragma once

#include <string_view>

namespace deja::os {

// entry: "NAME=value".
constexpr bool is_for_engine(std::string_view entry) {
  const std::string_view name = entry.substr(0, entry.find('='));
  // Settings, where the configuration files lie, and what sanitizers of a test build are told.
  return name.starts_with("DEJA_") || name.starts_with("XDG_") || name == "HOME" ||
         name.ends_with("SAN_OPTIONS");
}

}  // namespace deja::os
