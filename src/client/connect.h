// SPDX-License-Identifier: Apache-2.0
// Reaches the engine: the daemon of this user's cache directory, started on first use, or a child that
// serves this one request.
#pragma once

#include "client/environment.h"
#include "client/tool.h"

namespace deja::client {

// False: no variable says where the cache directory is. To be called before the other functions.
bool find_cache_directory(const Environment& env, const UserCommand& command);
const char* engine_directory();

// A connected socket, or -1 when there is no engine (then the caller becomes the tool).
int reach_engine(const Environment& env);

// Starts an engine of our own version that sees the same files, for this one request; or -1.
int own_engine(const Environment& env);

// The path of a program in ../libexec/deja, relative to our own executable. False: unknown.
bool libexec_path(std::string_view program, char* out);

}  // namespace deja::client
