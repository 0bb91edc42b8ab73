// What the user of `deja exec` declares, looked at: before anything is read it becomes part of the
// key, after a run it is checked and becomes part of the trace. Where nothing was observed
// (--declared-only), it is all that a trace and the outputs are made of.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "digest/file_digester.h"
#include "pipeline/client.h"
#include "pipeline/witness.h"
#include "tool/tool.h"

namespace deja::pipeline {

struct Declared {
  std::vector<Before> inputs;       // sorted by path, without doubles
  std::vector<std::string> absent;  // what an include scan looked for and did not find
  std::vector<std::string> lists;   // files that name inputs
  // Not all that the key depends on can be watched: patterns, a list from standard input.
  bool is_watchable = true;
  std::string guess;  // why the inputs may not be all, though the user said so; empty: they are
};

// Looks at everything that the invocation declares and adds it to its key. A string: what is wrong,
// one line that names option and value. list: input files from standard input, one a line.
std::variant<Declared, std::string> look_at_declared(tool::Invocation& invocation,
                                                     const tool::Command& command,
                                                     const action::Roots& roots,
                                                     std::string_view list,
                                                     digest::FileDigester& digester);

// What is at the places of declared outputs before a run: all files below declared folders.
struct Mark {
  std::string path;
  os::FileIdentity identity;
};
std::vector<Mark> mark_outputs(const tool::Invocation& invocation);

// The testimony of a run that nobody has watched.
Testimony testify_declared(const tool::Invocation& invocation, const std::vector<Mark>& before,
                           std::int64_t ended_ns);

// What was promised against what the testimony says: adds the claims about inputs, or the problem.
void check_declared(const Declared& declared, const tool::Invocation& invocation,
                    const tool::Command& command, const action::Roots& roots,
                    const RunReport& report, digest::FileDigester& digester, Testimony& testimony);

// What the tool read and wrote though nobody declared it, one line each; the system's own files,
// programs, and the tool itself aside. tool: absolute path.
std::vector<std::string> undeclared(const Testimony& testimony, const std::string& tool,
                                    const tool::Invocation& invocation, const action::Roots& roots);

}  // namespace deja::pipeline
