// The translation units that the benchmarks compile: written by the benchmark itself, so that every
// run anywhere compiles the same text.
#pragma once

#include <string>

#include "bench/harness.h"

namespace deja::bench {

struct Unit {
  std::string label;     // with the number of headers it really reads
  std::string source;    // file name in the workspace
  std::string object;    // file name without ".o"
  std::string compiler;  // gcc or g++
  std::string text;
};

// A C file with one header of its own.
Unit small_unit(Workspace& workspace);
// A C++ file that reads about `headers` headers: own ones of some 4 KB each, and some of the
// standard library.
Unit wide_unit(Workspace& workspace, int headers);
// An everyday C++ file: standard headers and a few templates to instantiate.
Unit middle_unit(Workspace& workspace);

// "<front…> <compiler> -O1 -c <source> -o <output>"; front is empty for the compiler itself.
Command compile(const Unit& unit, const std::string& front, const std::string& output);

}  // namespace deja::bench
