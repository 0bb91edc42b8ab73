// What somebody may have meant who has mistyped a subcommand, or has another cache's options in mind.
#pragma once

#include <string>
#include <string_view>

namespace deja::cli {

// "; did you mean 'deja stats'?", or "".
std::string suggestion_for(std::string_view word);

}  // namespace deja::cli
