// SPDX-License-Identifier: Apache-2.0
// Sends one request to the engine and does what the answer says.
#pragma once

#include "client/environment.h"
#include "client/tool.h"

namespace deja::client {

// Returns the exit code to end with. When anything is wrong with the engine, this process becomes
// the real tool instead and does not return.
int submit(UserCommand& command, const Environment& env);

}  // namespace deja::client
