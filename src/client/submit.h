// One request to the engine, and obeying its answer.
#pragma once

#include "client/environment.h"
#include "client/tool.h"

namespace deja::client {

// Returns the exit code to end with. When anything at all is wrong with the engine, this process
// becomes the real tool instead and does not return.
int submit(Command& command, const Environment& env);

}  // namespace deja::client
