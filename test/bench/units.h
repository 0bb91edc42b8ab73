// SPDX-License-Identifier: Apache-2.0
// The translation units of the benchmarks. The benchmark writes them itself, so that every run
// compiles the same text.
#pragma once

#include <string>

#include "bench/harness.h"

namespace deja::bench {

struct Unit {
  std::string label;     // with the real number of headers
  std::string source;    // file name in the workspace
  std::string object;    // file name without ".o"
  std::string compiler;  // gcc or g++
  std::string text;
};

// A C file with one header of its own.
Unit small_unit(Workspace& workspace);
// A C++ file that reads about `headers` headers: its own, of some 4 KB each, and some of the
// standard library.
Unit wide_unit(Workspace& workspace, int headers);
// A common C++ file: standard headers and some templates to instantiate.
Unit middle_unit(Workspace& workspace);

// "<client…> <compiler> -O1 -c <source> -o <output>"; client is empty for the compiler itself.
Command compile(const Unit& unit, const std::string& client, const std::string& output);

}  // namespace deja::bench
