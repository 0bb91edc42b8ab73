// SPDX-License-Identifier: Apache-2.0
// Facts about programs that optimise at link time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tool/programs.h"
#include "tool/tool.h"

namespace deja::tool {

// make: lto-wrapper calls it to compile the parts, as "make -f /tmp/ccXXXXXX.mk -jN all".
std::span<const TrustedScript> link_time_programs();

// Does the program read this file only to count the processors? Their number decides how many
// threads run, not what they make. `loads_llvm`: the program has loaded LLVM's linker plugin.
bool only_counts_processors(std::string_view program, bool loads_llvm, std::string_view path);
bool is_llvm_plugin(std::string_view library);  // by its file name

// Does the program read this clock (deja_clock) only to make names that are unique while it runs?
bool only_makes_names(std::string_view program, std::uint64_t clock);

// A file in a directory that several links share: they read and remove each other's files there.
bool is_in_shared_cache(std::string_view path);
// Linker options that make a command an unsupported_option, whichever driver passes them on.
struct LinkRule {
  std::string_view text;  // the word begins with it; one dash matches two
  const char* why;
};
std::span<const LinkRule> refused_by_links();
// Why a link with this argument ("-Wl,…", "link-arg=…", or a linker's own) is not looked up, or
// null.
const char* why_not_linked(std::string_view argument);
// Does the argument ask for code for this machine's processor?
bool asks_for_own_processor(std::string_view argument);

}  // namespace deja::tool
