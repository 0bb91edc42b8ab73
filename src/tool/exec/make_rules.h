// SPDX-License-Identifier: Apache-2.0
// The prerequisites in make rules that tools write next to their outputs (GNU make manual, "Rule
// Syntax"). Any tool may have written them, so the format is less strict than that of cc/depfile.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deja::tool::exec {

// The prerequisites of all rules, unquoted, sorted, without duplicates. Empty when the text holds
// no rule.
std::optional<std::vector<std::string>> prerequisites(std::string_view text);

}  // namespace deja::tool::exec
