// SPDX-License-Identifier: Apache-2.0
// The languages that gcc and clang know, by -x name and by file extension.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tool/cc/options.h"
#include "tool/tool.h"

namespace deja::tool::cc {

struct Language {
  const char* name;       // as in -x and the journal
  bool header = false;    // the output is a precompiled header, or a module made from a header
  bool assembly = false;  // no preprocessing: diagnostics come from the assembler
  bool preprocessed_assembly = false;  // the assembler reads what the preprocessor prints
  bool hides_paths = false;            // outputs may hold digests of paths
  bool module = false;                 // an interface: clang makes a module from it on the way
  bool fortran = false;  // reads and replaces ".mod" files that the command does not name
  // Colours are not requested: the front end writes its arguments into the output, or has no
  // colours.
  bool plain_messages = false;
  const Timekeeper* timekeeper = nullptr;  // Invocation::Policy::timekeeper
  const char* why_not = nullptr;           // set: not stored, and this is the reason
};

struct Extension {
  const char* extension;
  const char* language;
  const char* plus_language = nullptr;  // for g++ and clang++, where it is another one
  std::uint8_t dialects = kEither;
};
std::span<const Extension> extensions();

// By -x name; null: unknown.
const Language* language_named(std::string_view name);
// By the file's extension; null: not a source (drivers pass it to the linker). plus: called as a
// C++ driver, which compiles .c and .h as C++.
const Language* language_of_file(std::string_view path, Dialect dialect, bool plus);
// Does the name look like a linker's input (an object, an archive, a library)?
bool is_for_linker(std::string_view path);

}  // namespace deja::tool::cc
