// `deja exec --batch`: commands as JSON lines.
#pragma once

#include "cli/context.h"

namespace deja::cli {

// Reads objects from standard input, one a line, and runs each through `deja exec`, several at once;
// writes an object a line when one has ended. docs/exec.md has their members. The exit code is kDone
// when all commands ended with 0.
int run_batch(const Context& context, Args args);

}  // namespace deja::cli
