// The languages that gcc and clang know, by -x name and by file extension.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tool/cc/options.h"
#include "tool/tool.h"

namespace deja::tool::cc {

struct Language {
  const char* name;          // as -x and the journal have it
  bool header = false;       // the output is a precompiled header, or a module made of a header
  bool assembly = false;     // nothing is preprocessed: diagnostics come from the assembler
  bool hides_paths = false;  // outputs may hold digests of paths
  bool module = false;       // an interface: clang makes a module of it on the way
  bool fortran = false;      // it reads and replaces ".mod" files that the command does not name
  // Colours are not asked for: its front end writes its arguments down, or knows no colours.
  bool plain_messages = false;
  const Timekeeper* timekeeper = nullptr;  // Invocation::Policy::timekeeper
  const char* why_not = nullptr;           // not remembered, and why
};

struct Extension {
  const char* extension;
  const char* language;
  const char* plus_language = nullptr;  // for g++ and clang++, where it differs
  std::uint8_t dialects = kEither;
};
std::span<const Extension> extensions();

// By -x name; null: not known.
const Language* language_named(std::string_view name);
// By the file's extension; null: not a source (drivers hand it to the linker). plus: called as a
// C++ driver, which takes .c and .h for C++.
const Language* language_of_file(std::string_view path, Dialect dialect, bool plus);
// Has a file of this name what a linker reads (an object, an archive, a library)?
bool is_for_linker(std::string_view path);

}  // namespace deja::tool::cc
