// What is known of programs that optimise while they link.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tool/tool.h"

namespace deja::tool {

// make, which lto-wrapper has run the compilers of the parts: "make -f /tmp/ccXXXXXX.mk -jN all".
std::span<const TrustedScript> link_time_programs();

// lld in all its names.
bool is_lld(std::string_view program);

// Does the program read this file for nothing but the number of processors, which decides how many
// threads there are and not what they make? `loads_llvm`: it has LLVM's plugin for linkers.
bool only_counts_processors(std::string_view program, bool loads_llvm, std::string_view path);
bool is_llvm_plugin(std::string_view library);  // its name

// Does the program read this clock (deja_clock) for nothing but names that must be unique while it runs?
bool only_makes_names(std::string_view program, std::uint64_t clock);

// A file in a directory that several links share: what they leave there, others read and remove.
bool is_in_shared_cache(std::string_view path);
// Options for linkers that are an unsupported_option, however they are handed on to them.
struct LinkRule {
  std::string_view text;  // how the word begins; one dash does for two
  const char* why;
};
std::span<const LinkRule> refused_by_links();
// Why a link with this argument ("-Wl,…", "link-arg=…", a word of a linker's own) is not looked up, or
// null.
const char* why_not_linked(std::string_view argument);
// Does the argument ask for code for the processor that this runs on?
bool asks_for_own_processor(std::string_view argument);

}  // namespace deja::tool
