// SPDX-License-Identifier: Apache-2.0
// What the user of `deja exec` declares. Before the run it becomes part of the key; after the run
// it is checked and becomes part of the trace. Where nothing was observed (--declared-only), the
// trace and the outputs are made of it alone.
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
  std::vector<std::string> absent;  // paths that an include scan looked for and did not find
  std::vector<std::string> lists;   // files that name inputs
  // False: the key depends on something that cannot be watched (patterns, a list from standard
  // input).
  bool is_watchable = true;
  std::string guess;  // why there may be more inputs than these; empty: there are none
};

// Reads everything that the invocation declares and adds it to its key. A string: what is wrong,
// one line that names option and value. list: input files from standard input, one a line.
std::variant<Declared, std::string> look_at_declared(tool::Invocation& invocation,
                                                     const tool::Command& command,
                                                     const action::Roots& roots,
                                                     std::string_view list,
                                                     digest::FileDigester& digester);

// A file that is at the place of a declared output before a run, or below a declared directory.
struct Mark {
  std::string path;
  os::FileIdentity identity;
};
std::vector<Mark> mark_outputs(const tool::Invocation& invocation);

// The run facts of a run that was not observed.
RunFacts declared_run_facts(const tool::Invocation& invocation, const std::vector<Mark>& before,
                            std::int64_t ended_ns);

// A run that has ended.
struct DeclaredRun {
  const tool::Command& command;
  const tool::Invocation& invocation;
  const action::Roots& roots;
  std::int64_t began_ns = 0;  // wall clock
  bool has_failed = false;    // its exit code is not 0
};

// Compares what was declared with the run facts: adds the claims about inputs, or the problem.
void check_declared(const Declared& declared, const DeclaredRun& run,
                    digest::FileDigester& digester, RunFacts& run_facts);

// What the tool read and wrote that was not declared, one line each, without the system's own
// files, programs, and the tool itself. tool: absolute path.
std::vector<std::string> undeclared(const RunFacts& run_facts, const std::string& tool,
                                    const tool::Invocation& invocation, const action::Roots& roots);

}  // namespace deja::evidence
