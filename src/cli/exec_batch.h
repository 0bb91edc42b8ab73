// SPDX-License-Identifier: Apache-2.0
// `deja exec --batch`: commands as JSON lines.
#pragma once

#include "cli/context.h"

namespace deja::cli {

// Reads one JSON object per line from standard input, runs each through `deja exec`, several at
// once, and writes one object per line when a command has ended. docs/exec.md has their members.
// The exit code is kDone when all commands returned 0.
int run_batch(const Context& context, Args args);

}  // namespace deja::cli
