// SPDX-License-Identifier: Apache-2.0
// Which failures of a compiler or linker may be stored as results.
#pragma once

#include <cstdint>
#include <string_view>

namespace deja::tool::cc {

// messages: what the command printed, with its colours. True when a message is about the inputs and
// none is about the machine. Messages in another language than English prove nothing.
bool proves_failure(std::uint32_t exit_code, std::string_view messages);

}  // namespace deja::tool::cc
