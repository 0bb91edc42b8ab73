// The differential tester: one command, two roads. What a command leaves through deja (files, modes,
// links, streams, exit code) is compared with what the bare tool leaves in the same tree, at the same
// path, at the same moment. deja goes first, on the very files it knows; the bare tool gets a copy
// that was made before (`cp -a`: times and hard links too).
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
  bool noisy = false;      // the bare tool itself leaves something else every time
  Event event;             // what deja says it did
  Result bare;

  bool is_wrong() const { return !difference.empty() && !noisy; }
  bool is_hit() const { return event.outcome == "hit"; }
};

// Runs the command both ways and compares. The directory is afterwards as deja left it.
Verdict judge(Workspace& ws, const Command& command);
// The bare tool is run with another command (deja adds to some).
Verdict judge(Workspace& ws, const Command& command, const Command& bare_command);

// Runs the command through deja until it is warm, then makes its outputs go away: the tree is as it
// was before. False: the tool itself failed.
bool warm_up(Workspace& ws, const Command& command, int runs = 2);

// Files of a directory that share an inode with another, with the name of the first ("a.o=b.o"), so that
// trees can be compared for links too.
std::vector<std::string> links_of(const std::string& directory);

// One line of a shell script.
std::string as_shell(const Command& command);

}  // namespace deja::test
