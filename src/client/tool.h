// The real tool: found, and become.
#pragma once

#include <string_view>

#include "client/environment.h"
#include "os/find_tool.h"

namespace deja::client {

// The command to stand in for.
struct Command {
  char** argv = nullptr;  // argv[0] as the user spelled it
  int argc = 0;
  bool masquerade = false;  // we were called by the tool's name
  char cwd[os::kPlaceMax];  // "" when it cannot be had
  os::FrontFile front;      // our own executable
};

// Replaces this process by the real tool, unobserved, exactly as the user called it. Returns the
// exit code to end with only when that is impossible (127, after one line on stderr).
int become_tool(const Command& command, const Environment& env);

}  // namespace deja::client
