// SPDX-License-Identifier: Apache-2.0
// rustc's command line, as far as it decides what is stored and which words hold paths. The options
// are those of rustc 1.63 to 1.95 (rustc --help -v; the rustc book, "Command-line Arguments").
// rustc parses them with getopts: "--opt value", "--opt=value", "-Cvalue", "-C value".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tool/tool.h"

namespace deja::tool::rust {

struct Arguments {
  std::string source;  // as spelled; "-": standard input; empty: none
  std::string crate_name;
  std::vector<std::string> crate_types;             // of --crate-type, split at commas
  std::vector<std::string> emits;                   // kinds of --emit
  std::vector<std::string> dep_info_files;          // of --emit=dep-info=PATH
  std::vector<std::string> dependency_directories;  // -L dependency=
  std::vector<std::string> searched_by_name;        // -L of another kind that may hold crates
  // all directories that may hold crates: from -L and --extern
  std::vector<std::string> crate_directories;
  std::string out_dir, output;  // --out-dir, -o
  std::string target;           // --target: a triple, or a file that describes it
  std::string extra_filename;   // -C extra-filename
  std::string error_format;     // of --error-format; empty: rustc's own choice
  std::string question;         // an option that asks a question: --print, -V, …; empty: none
  bool can_be_answered = true;  // false: --help, --explain
  std::string unsupported;      // an option that makes a run impossible to store
  bool is_test = false;
  bool has_colour = false;
  bool embeds_bitcode = true;  // false with -C embed-bitcode=no
  bool has_lto = false;
  bool is_incremental = false;
  std::string missing_value;  // the last option, when it lacks its value
  // All words without -C incremental: those to run, and those for the key.
  std::vector<std::string> run;
  std::vector<KeyArgument> key;
};

// words: those after the program's name, response files expanded.
Arguments read_arguments(const std::vector<std::string_view>& words);

}  // namespace deja::tool::rust
