// The real tool: found, and become.
#pragma once

#include <string_view>

#include "client/environment.h"
#include "os/find_tool.h"
#include "wire/messages.h"

namespace deja::client {

// The command to stand in for.
struct Command {
  char** argv = nullptr;  // argv[0] as the user spelled it; Calling::exec: "exec", options, …
  int argc = 0;
  wire::Calling calling = wire::Calling::wrapper;
  char cwd[os::kPlaceMax];  // "" when it cannot be had
  os::ClientFile front;     // our own executable
};

// Replaces this process by deja-cli. argv[0] is not looked at. Returns the exit code to end with only
// when that is impossible, after one line on stderr.
int become_cli(char** argv, char** environment);

// Replaces this process by the real tool, unobserved, exactly as the user called it; where the tool
// has to be read from options first (`deja exec`), by the subcommand that does it. Returns the exit
// code to end with only when that is impossible (127, after one line on stderr).
int become_tool(const Command& command, const Environment& env);

}  // namespace deja::client
