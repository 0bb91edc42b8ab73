// SPDX-License-Identifier: Apache-2.0
// Variables that differ from one shell to the next and that no compiler reads. Freestanding.
#pragma once

#include <initializer_list>
#include <string_view>

namespace deja {

inline bool is_shell_noise(std::string_view variable) {
  for (const std::string_view noise : {"_", "SHLVL", "OLDPWD"})
    if (variable == noise) return true;
  return false;
}

}  // namespace deja
