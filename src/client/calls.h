// What this front tells the tool that it starts, for other fronts further down (os/call_chain.h).
#pragma once

#include <cstdint>
#include <string_view>

#include "client/environment.h"
#include "os/call_chain.h"
#include "os/find_tool.h"

namespace deja::client {

// Of argv[1] and on.
std::uint64_t hash_of_arguments(char* const* argv);

// The longest text that calls_for() makes, with its NUL.
inline constexpr std::size_t kCallsText = os::kCallsSize;

// Writes the text for a tool that is called with argv; "" where the file cannot be looked at, or the
// text does not fit.
void calls_for(const Environment& env, const os::ClientFile& front, const char* tool,
               char* const* argv, char* out);

// NAME=value in memory that lives until exec; nullptr when there is none.
char* make_entry(std::string_view a, std::string_view b, std::string_view c, std::string_view d);

// The user's environment with that text in it, next to the log of the run where one is observed.
// nullptr: there is no memory.
char** with_calls(const Environment& env, std::string_view calls);

}  // namespace deja::client
