// SPDX-License-Identifier: Apache-2.0
// The run facts: what a TraceBuilder makes of one observed run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "action/not_stored.h"
#include "action/result.h"
#include "action/trace.h"
#include "digest/digest.h"
#include "os/file.h"

namespace deja::evidence {

using action::NotStored;
using action::Problem;

struct Output {
  std::string path;  // absolute, as the tool spelled it
  action::Role role = action::Role::output;
  action::Placement placement = action::Placement::replaced;
  os::FileIdentity identity;
  std::uint32_t generation = 0;  // os::generation_of() must still say this; 0: not known
  std::string link_text;
};

// A file that was read for its text.
struct Input {
  std::string path;
  Digest digest;
};

// A path that a program resolved, where the program may write the shorter of the two.
struct RealPath {
  std::string asked, result;  // absolute
};

struct RunFacts {
  std::optional<Problem> problem;  // the run may not be published, and nothing else counts
  action::Trace trace;
  std::vector<Output> outputs;
  std::vector<Input> inputs;
  std::vector<Input> scripts;  // those that an unknown program has read (a shell)
  std::vector<RealPath> real_paths;
  std::vector<std::string> programs;     // executables and libraries that ran
  std::vector<std::string> temporaries;  // names of files that the run made and removed
  // A variable that the adapter takes for harmless. That is true while no output holds `text`, a
  // path that the tool took from the variable; otherwise the claim counts after all.
  struct IgnoredVariable {
    std::string text;  // what an output would hold; empty: no text that can be searched for
    action::Observation claim;
  };
  std::vector<IgnoredVariable> ignored_variables;
  // Claim::logical_directory. It counts where an output may hold the name of the working directory.
  std::vector<action::Observation> working_directory;
  // A module that clang made on demand. Its claims are added by evidence/modules.h.
  struct Module {
    std::string path;
    Digest digest;
    os::FileIdentity identity;
    bool is_made = false;  // by this run, which has read all that the module is made of
  };
  std::vector<Module> modules;
  std::vector<action::Observation> compared;  // stamps of all files that clang may have compared
  std::uint32_t facts = 0;                    // tool::kMentions… of all files that were read
  bool asked_time =
      false;  // Invocation::Policy::timekeeper asked for it, and no file shows that it wrote it
  bool makes_raw_calls =
      false;  // a program of which nothing is known makes system calls that were not observed
  bool has_plugin = false;  // the run opened a plugin (Invocation::Policy::runs_plugins)
};

}  // namespace deja::evidence
