// SPDX-License-Identifier: Apache-2.0
// How compilers spell a path in outputs and messages.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace deja::tool {

// The path as it is, and in every form in which gcc, clang and rustc quote it or derive a name from
// it.
std::set<std::string> path_forms(const std::string& path);

// Is the path at `at` the location of a message ("/ws/a.c:3:1: …", "In file included from
// /ws/a.h:1:"), and does nothing else on its line depend on its length?
bool is_message_location(std::string_view text, std::size_t at);

}  // namespace deja::tool
