// SPDX-License-Identifier: Apache-2.0
// rustc's dep-info files: make rules on lines of their own, and comments ("# env-dep:NAME=value").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tool/tool.h"

namespace deja::tool::rust {

// The text with its paths moved. Empty when a path occurs outside the rules or cannot be moved:
// then rustc's own text in the new place is unknown.
std::optional<std::string> move_dep_info(std::string_view text, const TextMoves& moves);

// The names that env! and option_env! ask for, set or not.
std::vector<std::string> variables_of(std::string_view text);

}  // namespace deja::tool::rust
