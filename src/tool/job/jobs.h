// Jobs: programs of which little must be known, because their inputs and outputs are seen. A table
// says what is: which command lines ask the program about itself, which make a run impossible to
// remember, and which file the program reads only to write it anew.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tool/tool.h"

namespace deja::tool::job {

enum class Match : std::uint8_t {
  word,    // the argument is this
  begin,   // it begins so
  joined,  // it begins so; a value is the rest of it, or the next argument when there is no rest
  inside,  // it holds this somewhere
  letter,  // a word of ar's operation ("ru", "-r -u") holds this letter
};

enum class Effect : std::uint8_t {
  nothing,  // for options that a shorter row would take for its own
  query,    // asks the program about itself
  bypass,   // cannot be remembered; `why` says it
  value,    // takes the next argument for itself, or the rest of this one
  path,     // ... and it is a path
  output,   // ... and it is written
  stdin,    // the argument means standard input
  opaque,   // outputs may hide paths (compressed)
  relates,  // outputs may say where one path lies as seen from another
};

struct Rule {
  std::string_view text;
  Match match;
  Effect effect;
  const char* why = "";
};

// Which operands are read and written again.
enum class Rewrites : std::uint8_t {
  none,
  first,               // an archive
  only,                // one operand; a second is the output
  all_without_output,  // all, when no option names an output
};

struct Job {
  std::string_view name;   // without target, version and "llvm-"
  std::string_view label;  // for the journal, in place of a language
  const std::vector<Rule>& rules;
  bool one_dash_will_do = false;  // of a rule's two
  bool reads_stdin = false;       // when no operand is given
  Rewrites rewrites = Rewrites::none;
  bool colours = false;         // it colours what it writes to a terminal
  bool failures_count = false;  // findings make it fail; they are results as others
  bool relates_paths = false;   // Invocation::Outputs::relate_paths
  // Invocation::Policy::timekeeper; null: none.
  const Timekeeper* (*timekeeper)(const Command& command,
                                  const std::vector<std::string>& arguments) = nullptr;
  bool has_operation = false;  // its first word is letters ("rcs")
};

const std::vector<Job>& jobs();
// By the name it is called with; null when no job has it.
const Job* find_job(std::string_view program_name);

// The first operand and all others, with the options and their values left out.
struct Line {
  std::optional<Bypass> bypass;
  struct Part {
    std::size_t argument;  // index into arguments
    std::size_t at;        // where in it the path begins
    bool is_output;
  };
  std::vector<std::size_t> operands;  // indexes into arguments
  std::vector<Part> paths;            // values of options
  bool is_opaque = false;
  bool relates_paths = false;
  bool reads_stdin = false;
  bool is_question = false;  // all it does is to tell of itself
};
// arguments: without argv[0], response files expanded.
Line read_line(const Job& job, const std::vector<std::string>& arguments);

}  // namespace deja::tool::job
