// SPDX-License-Identifier: Apache-2.0
// The record that this client leaves for other clients further down the process tree
// (os/call_chain.h).
#pragma once

#include <cstdint>
#include <string_view>

#include "client/environment.h"
#include "os/call_chain.h"
#include "os/find_tool.h"

namespace deja::client {

// Of argv[1] and the following.
std::uint64_t hash_of_arguments(char* const* argv);

// The longest text of calls_for(), with its NUL.
inline constexpr std::size_t kCallsText = os::kCallsSize;

// Writes the record for a tool that is called with argv; "" when the tool's file cannot be
// examined, or the text is too long.
void calls_for(const Environment& env, const os::ClientFile& client, const char* tool,
               char* const* argv, char* out);

// NAME=value in memory that lives until exec; nullptr: no memory.
char* make_entry(std::string_view a, std::string_view b, std::string_view c, std::string_view d);

// The user's environment with that record in it, next to the run's log when the run is observed.
// nullptr: no memory.
char** with_calls(const Environment& env, std::string_view calls);

}  // namespace deja::client
