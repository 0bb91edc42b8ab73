// rustc's dep-info files: make rules on lines of their own, and comments ("# env-dep:NAME=value").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deja::tool::rust {

// The text with paths at or below `from` moved to `to` (absolute, no trailing slash). Empty when
// `from` stands where it is no path of a rule: then it cannot be told what would stand there.
std::optional<std::string> move_dep_info(std::string_view text, std::string_view from,
                                         std::string_view to);

// The names that env! and option_env! ask for, set or not.
std::vector<std::string> variables_of(std::string_view text);

}  // namespace deja::tool::rust
