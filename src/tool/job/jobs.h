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
  letter,  // a word of ar's operation ("ru", "-r -u") holds this letter
};

enum class Effect : std::uint8_t {
  query,   // asks the program about itself
  bypass,  // cannot be remembered; `why` says it
  value,   // takes the next argument for itself
  stdin,   // the argument means standard input
  opaque,  // outputs may hide paths (compressed)
};

struct Rule {
  std::string_view text;
  Match match;
  Effect effect;
  const char* why = "";
};

struct Job {
  std::string_view name;   // without target, version and "llvm-"
  std::string_view label;  // for the journal, in place of a language
  const std::vector<Rule>& rules;
  bool one_dash_will_do = false;  // of a rule's two
  bool reads_stdin = false;       // when no operand is given
  bool writes_operand = false;    // its first operand is read and written anew (an archive)
  bool colours = false;           // it colours what it writes to a terminal
  bool failures_count = false;    // findings make it fail; they are results as others
};

const std::vector<Job>& jobs();
// By the name it is called with; null when no job has it.
const Job* find_job(std::string_view program_name);

// The first operand and all others, with the options and their values left out.
struct Line {
  std::optional<Bypass> bypass;
  std::vector<std::size_t> operands;  // indexes into arguments
  bool is_opaque = false;
  bool reads_stdin = false;
};
// arguments: without argv[0], response files expanded.
Line read_line(const Job& job, const std::vector<std::string>& arguments);

}  // namespace deja::tool::job
