// SPDX-License-Identifier: Apache-2.0
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
#include "evidence/trace_builder.h"
#include "tool/tool.h"

namespace deja::evidence {

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

// What is at the places of declared outputs before a run: all files below declared directories.
struct Mark {
  std::string path;
  os::FileIdentity identity;
};
std::vector<Mark> mark_outputs(const tool::Invocation& invocation);

// The run_facts of a run that nobody has watched.
RunFacts declared_run_facts(const tool::Invocation& invocation, const std::vector<Mark>& before,
                            std::int64_t ended_ns);

// Of the run, what matters for what was declared.
struct DeclaredRun {
  std::int64_t began_ns = 0;  // wall clock
  bool has_failed = false;    // its exit code is not 0
};

// What was promised against what the run_facts says: adds the claims about inputs, or the problem.
void check_declared(const Declared& declared, const tool::Invocation& invocation,
                    const tool::Command& command, const action::Roots& roots,
                    const DeclaredRun& run, digest::FileDigester& digester, RunFacts& run_facts);

// What the tool read and wrote though nobody declared it, one line each; the system's own files,
// programs, and the tool itself aside. tool: absolute path.
std::vector<std::string> undeclared(const RunFacts& run_facts, const std::string& tool,
                                    const tool::Invocation& invocation, const action::Roots& roots);

}  // namespace deja::evidence
