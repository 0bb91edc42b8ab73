// SPDX-License-Identifier: Apache-2.0
// The tables of languages and file extensions, and the search in them. Tested by classify_test.cc.
#include "tool/cc/language.h"

#include <algorithm>

#include "base/path.h"
#include "tool/cc/ada.h"

namespace deja::tool::cc {
namespace {

// From the drivers' tables of specs (gcc 12: gcc.cc and each front end's lang-specs.h). A language
// that is not here (-x java) is a bypass.
constexpr Language kLanguages[] = {
    {.name = "c"},
    {.name = "c-header", .header = true},
    {.name = "cpp-output"},
    {.name = "c-cpp-output"},
    {.name = "c++"},
    {.name = "c++-header", .header = true},
    {.name = "c++-cpp-output"},
    {.name = "objective-c"},
    {.name = "objective-c-header", .header = true},
    {.name = "objective-c-cpp-output"},
    {.name = "objc-cpp-output"},
    {.name = "objective-c++"},
    {.name = "objective-c++-header", .header = true},
    {.name = "objective-c++-cpp-output"},
    {.name = "objc++-cpp-output"},
    {.name = "assembler", .assembly = true},
    {.name = "assembler-with-cpp", .preprocessed_assembly = true},
    {.name = "ir"},
    {.name = "cl"},
    {.name = "cuda", .hides_paths = true},
    {.name = "hip", .hides_paths = true},
    {.name = "c++-module", .module = true},
    {.name = "c++-module-cpp-output", .module = true},
    {.name = "c++-user-header", .header = true},
    {.name = "c++-system-header", .header = true},
    {.name = "c++-header-unit-header", .header = true},
    {.name = "c++-header-unit-cpp-output", .header = true},
    {.name = "pcm"},
    {.name = "f77", .fortran = true},
    {.name = "f77-cpp-input", .fortran = true},
    {.name = "f95", .fortran = true},
    {.name = "f95-cpp-input", .fortran = true},
    {.name = "ada", .plain_messages = true, .timekeeper = &gnat_timekeeper},
    {.name = "go", .plain_messages = true},
    {.name = "d", .why_not = "its compiler reads the clock, and a mixin can output the time"},
    // How its compiler names outputs has not been checked.
    {.name = "modula-2", .hides_paths = true, .plain_messages = true},
    {.name = "modula-2-cpp-output", .hides_paths = true, .plain_messages = true},
};

constexpr Extension kExtensions[] = {
    {"c", "c", "c++"},
    {"h", "c-header", "c++-header"},
    {"i", "cpp-output", "c++-cpp-output"},
    {"cc", "c++"},
    {"cp", "c++"},
    {"cxx", "c++"},
    {"cpp", "c++"},
    {"CPP", "c++"},
    {"c++", "c++"},
    {"C", "c++"},
    {"CC", "c++", nullptr, kClang},
    {"CXX", "c++", nullptr, kClang},
    {"C++", "c++", nullptr, kClang},
    {"ii", "c++-cpp-output"},
    {"hh", "c++-header"},
    {"H", "c++-header"},
    {"hp", "c++-header"},
    {"hxx", "c++-header"},
    {"hpp", "c++-header"},
    {"HPP", "c++-header"},
    {"h++", "c++-header"},
    {"tcc", "c++-header", nullptr, kGcc},
    {"m", "objective-c"},
    {"mi", "objective-c-cpp-output"},
    {"mm", "objective-c++"},
    {"M", "objective-c++"},
    {"mii", "objective-c++-cpp-output"},
    {"s", "assembler"},
    {"S", "assembler-with-cpp"},
    {"sx", "assembler-with-cpp", nullptr, kGcc},
    {"ll", "ir", nullptr, kClang},
    {"bc", "ir", nullptr, kClang},
    {"cl", "cl", nullptr, kClang},
    {"cu", "cuda", nullptr, kClang},
    {"cui", "cuda", nullptr, kClang},
    {"hip", "hip", nullptr, kClang},
    {"cppm", "c++-module"},
    {"ccm", "c++-module"},
    {"cxxm", "c++-module"},
    {"c++m", "c++-module"},
    {"ixx", "c++-module"},
    {"iim", "c++-module-cpp-output"},
    {"iih", "c++-header-unit-cpp-output", nullptr, kClang},
    {"pcm", "pcm", nullptr, kClang},
    {"f", "f77", nullptr, kGcc},
    {"for", "f77", nullptr, kGcc},
    {"ftn", "f77", nullptr, kGcc},
    {"F", "f77-cpp-input", nullptr, kGcc},
    {"FOR", "f77-cpp-input", nullptr, kGcc},
    {"FTN", "f77-cpp-input", nullptr, kGcc},
    {"fpp", "f77-cpp-input", nullptr, kGcc},
    {"FPP", "f77-cpp-input", nullptr, kGcc},
    {"f90", "f95", nullptr, kGcc},
    {"f95", "f95", nullptr, kGcc},
    {"f03", "f95", nullptr, kGcc},
    {"f08", "f95", nullptr, kGcc},
    {"F90", "f95-cpp-input", nullptr, kGcc},
    {"F95", "f95-cpp-input", nullptr, kGcc},
    {"F03", "f95-cpp-input", nullptr, kGcc},
    {"F08", "f95-cpp-input", nullptr, kGcc},
    {"ads", "ada", nullptr, kGcc},
    {"adb", "ada", nullptr, kGcc},
    {"go", "go", nullptr, kGcc},
    {"d", "d", nullptr, kGcc},
    {"dd", "d", nullptr, kGcc},
    {"di", "d", nullptr, kGcc},
    {"mod", "modula-2", nullptr, kGcc},
    {"m2i", "modula-2-cpp-output", nullptr, kGcc},
};

constexpr std::string_view kOfLinkers[] = {"o",  "obj", "a",   "lib", "so",  "lo",
                                           "os", "dll", "def", "lds", "res", "dylib"};

}  // namespace

bool is_for_linker(std::string_view path) {
  const std::string_view name = base_name(path);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || name.find(".so.") != std::string_view::npos ||
         std::ranges::find(kOfLinkers, name.substr(dot + 1)) != std::ranges::end(kOfLinkers);
}

std::span<const Extension> extensions() { return kExtensions; }

const Language* language_named(std::string_view name) {
  for (const Language& language : kLanguages)
    if (name == language.name) return &language;
  return nullptr;
}

const Language* language_of_file(std::string_view path, Dialect dialect, bool plus) {
  const std::string_view name = base_name(path);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return nullptr;
  for (const Extension& row : kExtensions) {
    if (name.substr(dot + 1) != row.extension || (row.dialects & dialect) == 0) continue;
    return language_named(plus && row.plus_language != nullptr ? row.plus_language : row.language);
  }
  return nullptr;
}

}  // namespace deja::tool::cc
