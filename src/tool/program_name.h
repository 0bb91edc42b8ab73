// SPDX-License-Identifier: Apache-2.0
// Takes a program's name apart: "x86_64-linux-gnu-gcc-12" is gcc with a target and a version.
#pragma once

#include <string_view>

namespace deja::tool {

bool is_version(std::string_view text);        // "12", "12.2.0"
bool is_target_prefix(std::string_view text);  // "" or "x86_64-w64-mingw32-"
// Is base (no directories) this word, with or without a target in front and a version at the end?
bool is_called(std::string_view base, std::string_view word);

}  // namespace deja::tool
