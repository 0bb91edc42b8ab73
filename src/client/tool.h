// SPDX-License-Identifier: Apache-2.0
// Finds the real tool, and replaces this process by it.
#pragma once

#include <string_view>

#include "client/environment.h"
#include "os/find_tool.h"
#include "wire/messages.h"

namespace deja::client {

// The command that the user called.
struct UserCommand {
  char** argv = nullptr;  // argv[0] as the user spelled it; Calling::exec: "exec", options, …
  int argc = 0;
  wire::Calling calling = wire::Calling::wrapper;
  const char* program = nullptr;  // Calling::routed: the path of the tool
  bool is_command = false;        // Calling::routed: a program that no rule names
  os::ClientFile client = {};     // our own executable
  // "" when unknown. The last member, so that the others share a page with its start.
  char cwd[os::kPlaceMax] = {};
};

// Replaces this process by deja-cli. argv[0] is ignored. Returns only when that is impossible: the
// exit code, after one line on stderr.
int become_cli(char** argv, char** environment);

// Replaces this process by the real tool, unobserved, exactly as the user called it. When the tool
// must first be read from options (`deja exec`), the subcommand does it. Returns only when that is
// impossible: the exit code 127, after one line on stderr.
// fallback: a program (absolute) to replace this process by instead, with the tool's command line as its
// arguments. When it cannot be started, the tool is.
int become_tool(const UserCommand& command, const Environment& env, char* fallback = nullptr);

}  // namespace deja::client
