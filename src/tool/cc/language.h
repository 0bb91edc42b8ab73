// The languages that gcc and clang know, by -x name and by file extension.
#pragma once

#include <string_view>

#include "tool/cc/options.h"

namespace deja::tool::cc {

struct Language {
  const char* name;          // as -x and the journal have it
  bool header = false;       // the output is a precompiled header, or a module made of a header
  bool assembly = false;     // nothing is preprocessed: diagnostics come from the assembler
  bool hides_paths = false;  // outputs may hold digests of paths
  bool module = false;       // an interface: clang makes a module of it on the way
};

// By -x name; null: not known.
const Language* language_named(std::string_view name);
// By the file's extension; null: not a source (drivers hand it to the linker). plus: called as a
// C++ driver, which takes .c and .h for C++.
const Language* language_of_file(std::string_view path, Dialect dialect, bool plus);

}  // namespace deja::tool::cc
