// SPDX-License-Identifier: Apache-2.0
// What emcc and em++ have beyond clang: options, settings, variables, and the programs that do
// their work.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "tool/cc/options.h"
#include "tool/tool.h"

namespace deja::tool::cc {

std::span<const Option> emscripten_options();  // sorted by spelling
// emcc only; to be asked before find_option, because "-s" means something else to clang. Null: read
// it as clang does.
const Option* find_emscripten_option(std::string_view argument);

// "EXPORT_ES6=1" and "EXPORT_ES6" are settings; this is how emcc tells them from file names.
bool is_emscripten_setting(std::string_view text);
std::optional<Bypass> bypass_by_setting(std::string_view setting);
std::optional<Bypass> bypass_by_emscripten_variables(const Command& command);

std::span<const TrustedScript> emscripten_programs();

}  // namespace deja::tool::cc
