// SPDX-License-Identifier: Apache-2.0
// One pass over a compiler's expanded arguments. It records what they say; classify.cc draws the
// conclusions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tool/cc/language.h"
#include "tool/cc/program.h"
#include "tool/tool.h"

namespace deja::tool::cc {

struct Input {
  std::string text;
  const Language* language = nullptr;  // null: an input for the linker
};

struct PrefixMaps {
  std::vector<std::string> files, debug, macros;  // absolute OLD parts
};

struct Parsed {
  std::vector<KeyArgument> key_arguments;
  std::vector<Input> inputs;
  std::uint32_t effects = 0;  // all Effect bits seen
  bool stops_before_link = false;
  bool preprocess = false;
  bool syntax_only = false;
  bool depend_only = false;
  bool writes_depfile = false;
  bool verbose = false;
  bool emits_pch = false;  // made by clang's front end
  // The job makes a precompiled form of its input and nothing else, whatever the input is.
  bool precompile = false;
  bool module_output = false;  // also makes a module, next to the object
  bool wraps_messages = false;
  bool native = false;  // -march=native and the like
  bool reads_stdin = false;
  bool thin_index = false;    // compiles objects that hold bitcode
  bool loose_target = false;  // a -MT that make would read as several words
  std::optional<std::string> output;
  std::optional<std::string> depfile;              // -MF
  std::optional<std::string> module_directory;     // Fortran's -J
  bool modules = false;                            // makes modules from headers on demand
  std::optional<std::string> module_cache;         // where it keeps those modules
  std::vector<std::string> preprocessor_depfiles;  // -Wp,-MD,x
  PrefixMaps maps;
  std::uint32_t argument_facts = 0;
  // the first one found; the walk continues because a question takes precedence
  std::optional<Bypass> bypass;
  std::optional<std::string> query;  // the first question
  bool has_no_answer = false;        // the answer to one of the questions is not stored
};

// Does the value of gcc's -fmodule-mapper= or CXX_MODULE_MAPPER name a program ("|"), open
// descriptors ("<") or a socket ("=", "HOST:PORT")? Otherwise it names a file.
bool asks_module_mapper(std::string_view mapper);

Parsed parse_arguments(const std::vector<std::string>& arguments, const Program& program);

}  // namespace deja::tool::cc
