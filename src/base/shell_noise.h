// SPDX-License-Identifier: Apache-2.0
// Variables that differ from one shell to the next and that no compiler reads. Freestanding.
#pragma once

#include <string_view>

namespace deja {

inline constexpr std::string_view kShellNoise[] = {"_", "SHLVL", "OLDPWD"};

inline bool is_shell_noise(std::string_view variable) {
  for (const std::string_view noise : kShellNoise)
    if (variable == noise) return true;
  return false;
}

// Of "NAME=value".
inline bool is_shell_noise_entry(std::string_view entry) {
  for (const std::string_view noise : kShellNoise)
    if (entry.size() > noise.size() && entry[noise.size()] == '=' && entry.starts_with(noise))
      return true;
  return false;
}

}  // namespace deja
