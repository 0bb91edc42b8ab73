// The prerequisites of make rules, as tools write them beside their outputs (GNU make manual, "Rule
// Syntax"): any tool's, so less is asked of their form than cc/depfile.h asks of a compiler's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deja::tool::exec {

// Of all rules, unquoted, sorted, without doubles. Empty when the text holds no rule.
std::optional<std::vector<std::string>> prerequisites(std::string_view text);

}  // namespace deja::tool::exec
