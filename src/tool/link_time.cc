// SPDX-License-Identifier: Apache-2.0
// Checked against gcc 12, LLVM 14 and 19, and their sources. Tested by test/e2e/link_time_test.cc.
#include "tool/link_time.h"

#include <algorithm>
#include <iterator>

#include "base/path.h"

namespace deja::tool {
namespace {

// make compares the clock with the times of its targets, and only warns about times in the future.
// lto-wrapper's makefile (run_gcc, lto-wrapper.cc) has one command for each part, in an order that
// does not matter, and does not hold the number of jobs.
constexpr const char* kWhy = "everything that it does is in the file that lto-wrapper has written";
constexpr TrustedScript kLtoPrograms[] = {
    {"make", ".mk", TrustedScript::Asks::told_by_this_run, "", kWhy},
    {"gmake", ".mk", TrustedScript::Asks::told_by_this_run, "", kWhy},  // MAKE=gmake
};

// LLVM counts the cores there (computeHostNumPhysicalCores, Host.cpp). On other processors it also
// reads the processor's name from it, which counts.
#if defined(__x86_64__)
constexpr std::string_view kCountsOfProcessors[] = {"/proc/cpuinfo"};
#else
constexpr std::string_view kCountsOfProcessors[] = {""};
#endif

// enum deja_clock in observe/preload/log_layout.h, which this module cannot include.
constexpr std::uint64_t kClockRealtime = 2;

constexpr const char* kShared = "a directory that other runs share";
constexpr LinkRule kRefused[] = {
    {"--stats", "prints times"},     {"--time-trace", "writes times"},
    {"--repro", "writes times"},     {"--build-id=uuid", "a new number for every run"},
    {"--thinlto-cache", kShared},    {"--plugin-opt=cache-dir=", kShared},
    {"cache-dir=", kShared},  // "-Wl,-plugin-opt,cache-dir=…"
    {"--flto-incremental", kShared},
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Linkers accept one dash instead of two.
std::string_view without_dashes(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
  return word;
}

const LinkRule* rule_for(std::string_view word) {
  const auto row = std::find_if(std::begin(kRefused), std::end(kRefused), [&](const LinkRule& r) {
    return word.starts_with('-') == r.text.starts_with('-') &&
           without_dashes(word).starts_with(without_dashes(r.text));
  });
  return row == std::end(kRefused) ? nullptr : row;
}

}  // namespace

std::span<const TrustedScript> link_time_programs() { return kLtoPrograms; }

bool is_llvm_plugin(std::string_view library) {
  return base_name(library).starts_with("LLVMgold") && library.ends_with(".so");
}

bool only_counts_processors(std::string_view program, bool loads_llvm, std::string_view path) {
  const bool is_llvm =
      is_lld(program) || (loads_llvm && has_fact(program, ProgramFact::loads_llvm_plugin));
  return is_llvm && std::find(std::begin(kCountsOfProcessors), std::end(kCountsOfProcessors),
                              path) != std::end(kCountsOfProcessors);
}

bool only_makes_names(std::string_view program, std::uint64_t clock) {
  return clock == kClockRealtime && has_fact(program, ProgramFact::makes_names_from_clock);
}

bool is_in_shared_cache(std::string_view path) { return base_name(path).starts_with("llvmcache"); }

std::span<const LinkRule> refused_by_links() { return kRefused; }

const char* why_not_linked(std::string_view argument) {
  if (argument.starts_with("link-arg"))  // rustc's "-C link-arg=…", "-C link-args=… …"
    argument.remove_prefix(std::min(argument.find('=') + 1, argument.size()));
  while (!argument.empty()) {
    const std::size_t end = std::min(argument.find_first_of(", "), argument.size());
    if (const LinkRule* rule = rule_for(argument.substr(0, end))) return rule->why;
    argument.remove_prefix(std::min(end + 1, argument.size()));
  }
  return nullptr;
}

bool asks_for_own_processor(std::string_view argument) {
  return contains(argument, "cpu=native") || contains(argument, "arch=native") ||
         contains(argument, "tune=native") || contains(argument, "fpu=native");
}

}  // namespace deja::tool
