// Which failures of a compiler or linker are results.
#pragma once

#include <cstdint>
#include <string_view>

namespace deja::tool::cc {

// messages: what the command printed, colours and all. True when a diagnostic tells of something in
// the inputs and none tells of the machine. In another language than English nothing is proven.
bool proves_failure(std::uint32_t exit_code, std::string_view messages);

}  // namespace deja::tool::cc
