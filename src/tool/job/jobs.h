// SPDX-License-Identifier: Apache-2.0
// Jobs: programs of which little must be known, because their inputs and outputs are observed. A
// table holds what must be: which command lines ask the program about itself, which cannot be
// stored, and which file the program reads only to rewrite it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tool/tool.h"

namespace deja::tool::job {

enum class Match : std::uint8_t {
  word,   // equals the argument
  begin,  // the argument begins with it
  // the argument begins with it; the value is the rest, or the next argument when there is no rest
  joined,
  inside,  // the argument contains it
  letter,  // a word of ar's operation ("ru", "-r -u") holds this letter
};

enum class Effect : std::uint8_t {
  nothing,  // protects an option that a shorter row would match
  query,    // asks the program about itself
  bypass,   // cannot be stored; `why` is the reason
  value,    // takes the rest of this argument or the next argument as its value
  path,     // the same, and the value is a path
  output,   // the same, and the tool writes to that path
  stdin,    // the argument means standard input
  opaque,   // outputs may hide paths (compressed)
  relates,  // outputs may hold relative paths from one file to another
};

struct Rule {
  std::string_view text;
  Match match;
  Effect effect;
  const char* why = "";
};

// Which operands are read and rewritten.
enum class Rewrites : std::uint8_t {
  none,
  first,               // an archive
  only,                // one operand; a second one is the output
  all_without_output,  // all, when no option names an output
};

struct Job {
  std::string_view name;   // without target, version and "llvm-"
  std::string_view label;  // for the journal, instead of a language
  const std::vector<Rule>& rules;
  bool accepts_one_dash = false;  // "-name" works like "--name"
  bool reads_stdin = false;       // when no operand is given
  Rewrites rewrites = Rewrites::none;
  bool colours = false;         // colours its output on a terminal
  bool failures_count = false;  // fails when it has findings, and that is an ordinary result
  bool relates_paths = false;   // Invocation::Outputs::relate_paths
  // For Invocation::Policy::timekeeper; null: none.
  const Timekeeper* (*timekeeper)(const Command& command,
                                  const std::vector<std::string>& arguments) = nullptr;
  bool has_operation = false;  // its first word is letters ("rcs")
};

const std::vector<Job>& jobs();
// By the name it is called with; null: no job.
const Job* find_job(std::string_view program_name);

// The operands (files), without options and their values.
struct Line {
  std::optional<Bypass> bypass;
  struct Part {
    std::size_t argument;  // index into arguments
    std::size_t at;        // offset in it where the path begins
    bool is_output;
  };
  std::vector<std::size_t> operands;  // indexes into arguments
  std::vector<Part> paths;            // values of options
  bool is_opaque = false;
  bool relates_paths = false;
  bool reads_stdin = false;
  bool is_question = false;  // it only prints information about itself
};
// arguments: without argv[0], response files expanded.
Line read_line(const Job& job, const std::vector<std::string>& arguments);

}  // namespace deja::tool::job
