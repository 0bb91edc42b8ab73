// SPDX-License-Identifier: Apache-2.0
// The differential tester. It runs one command in two ways: what the command leaves through deja
// (files, modes, links, streams, exit code) is compared with what the bare tool leaves in the same
// tree, at the same path, at the same time. deja runs first, on the files that it knows. The bare
// tool gets a copy that was made before (`cp -a`: with times and hard links).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/workspace.h"

namespace deja::test {

struct Command {
  Argv argv;
  Options options;
};

struct Verdict {
  std::string difference;  // empty: deja left what the tool leaves
  bool noisy = false;      // the bare tool itself leaves something different in every run
  Event event;             // deja's own report
  Result bare;

  bool is_wrong() const { return !difference.empty() && !noisy; }
  bool is_hit() const { return event.outcome == "hit"; }
};

// Runs the command in both ways and compares. The directory is left as after deja.
Verdict judge(Workspace& ws, const Command& command);
// The same with another command for the bare tool (deja adds options to some).
Verdict judge(Workspace& ws, const Command& command, const Command& bare_command);

// Runs the command through deja until it is warm, then restores the tree as it was before. False:
// the tool itself failed.
bool warm_up(Workspace& ws, const Command& command, int runs = 2);

// The files of a directory that share an inode with another, with the name of the first
// ("a.o=b.o"), to compare links, too.
std::vector<std::string> links_of(const std::string& directory);

// The command as one line of a shell script.
std::string as_shell(const Command& command);

}  // namespace deja::test
