// Reaches the engine: the daemon of this user's cache directory, started on first use, or a child that
// serves this one request.
#pragma once

#include "client/environment.h"
#include "client/tool.h"

namespace deja::client {

// A connected socket, or -1 when no engine can be had (then the caller becomes the tool).
int reach_engine(const Environment& env, const Command& command);

// An engine of our own version and view of the files, for this one request; or -1.
int own_engine(const Environment& env, const Command& command);

// The cache directory of the engine that was reached.
const char* engine_directory();

// The path of a program in ../libexec/deja beside our own executable. False: cannot be told.
bool libexec_path(std::string_view program, char* out);

}  // namespace deja::client
