// SPDX-License-Identifier: Apache-2.0
// What a user may have meant by a mistyped subcommand, or by another cache's option.
#pragma once

#include <string>
#include <string_view>

namespace deja::cli {

// "; did you mean 'deja stats'?", or "".
std::string suggestion_for(std::string_view word);

}  // namespace deja::cli
