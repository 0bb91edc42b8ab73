// SPDX-License-Identifier: Apache-2.0
// The one table of gcc and clang options.
//
// Because every read, absence, variable and output is observed, an option needs a row only when
//   - it takes its value from the next argument (else that value would look like a source), or
//   - its value is a path (so that the key can say "<root>/x"), or
//   - it decides what kind of job this is, hides paths in outputs, puts the command line into
//     outputs, chooses colours, or makes the run impossible to store.
//
// An option without a row is one argument of literal text in the key. If it takes the next argument
// after all, that argument looks like an input. A command is stored only when it has exactly one
// input, so the worst case is a bypass, or a command that fails anyway.
//
// An option of clang's that gcc reads differently is read as clang does. A gcc command line that
// uses it is an error, or has one input too few, which makes it a bypass.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace deja::tool::cc {

// Which family of drivers a program belongs to; bits. `either`: the names cc, c++, c89 and c99 do
// not show it. emcc is a clang with its own table (emscripten.h).
enum Dialect : std::uint8_t { kGcc = 1, kClang = 2, kEither = 3, kEmcc = 4, kEmscripten = 6 };
const char* dialect_name(Dialect dialect);

enum class Arity : std::uint8_t {
  flag,                 // -c
  joined,               // -std=c99: the value is the rest of the argument, maybe empty
  separate,             // -target x: the value is the next argument
  joined_or_separate,   // -Ix, -I x
  joined_and_separate,  // -Xarch_arm64 x: both the rest and the next argument
};

// How an option changes an invocation; bits.
enum Effect : std::uint16_t {
  kPath = 1,         // the value is a path
  kOpaque = 2,       // outputs may hold paths that a byte search cannot find
  kUserColour = 4,   // the user chose colours or a format of diagnostics: do not change them
  kRecordsArgv = 8,  // outputs hold the command line: nothing may be added to it
  kBypass = 16,      // reason unsupported_option
  kQuery = 32,       // asks the compiler about itself
  kNoAnswer = 64,    // with kQuery: the answer is not stored; reason not_a_compile
};

// Options that have a handler in parse.cc.
enum class Role : std::uint8_t {
  none,
  compile,           // -c, -S: no linking
  preprocess,        // -E
  syntax_only,       // -fsyntax-only
  depend_only,       // -M, -MM: preprocesses, and the output is a depfile
  writes_depfile,    // -MD, -MMD: writes a depfile next to the real output
  depfile_name,      // -MF
  depfile_target,    // -MT, -MQ
  output,            // -o
  language,          // -x
  maps_files,        // -ffile-prefix-map
  maps_debug,        // -fdebug-prefix-map
  maps_macros,       // -fmacro-prefix-map
  maps_other,        // prefix maps for one kind of output only
  preprocessor,      // -Wp,a,b
  assembler,         // -Wa,a,b and -Xassembler a
  linker,            // -Wl,a,b and -Xlinker a
  frontend,          // -Xclang a
  precompile,        // --precompile
  module_header,     // -fmodule-header
  module_mapper,     // -fmodule-mapper=
  module_output,     // -fmodule-output
  module_file,       // -fmodule-file=[NAME=]FILE
  module_directory,  // Fortran's -J
  modules,           // -fmodules: makes modules from headers, on demand
  module_cache,      // -fmodules-cache-path=
  thin_index,        // -fthinlto-index=: compiles an object that holds bitcode
  verbose,           // -v
  message_length,    // -fmessage-length=: wraps lines, and colours would be counted
  setting,           // emcc's -s
  end_of_options,    // --
};

inline constexpr Role kNone = Role::none;  // short, for the tables

struct Option {
  const char* spelling;
  Arity arity;
  std::uint8_t dialects;  // where its effects hold; its arity holds everywhere
  std::uint16_t effects;
  Role role;
  const char* why;

  bool has(Effect effect) const { return (effects & effect) != 0; }
};

std::span<const Option> options();  // sorted by spelling

// The option with the longest spelling that matches this argument, or null.
const Option* find_option(std::string_view argument);
// The same for what follows -Xclang: clang's front end has its own options. Null: not known to be
// harmless.
const Option* find_frontend_option(std::string_view argument);

// For tables: a copy of the rows in the order that longest_match needs. A spelling that occurs
// twice is a compile error.
template <std::size_t N>
constexpr std::array<Option, N> sorted_options(const Option (&rows)[N]) {
  std::array<Option, N> out{};
  std::copy(std::begin(rows), std::end(rows), out.begin());
  const auto spelling = [](const Option& o) { return std::string_view(o.spelling); };
  std::ranges::sort(out, {}, spelling);
  if (std::ranges::adjacent_find(out, {}, spelling) != out.end()) throw "a spelling occurs twice";
  return out;
}
// The row with the longest spelling that is a prefix of argument, or null. An option that cannot be
// joined must be the whole argument.
const Option* longest_match(std::span<const Option> rows, std::string_view argument);

}  // namespace deja::tool::cc
