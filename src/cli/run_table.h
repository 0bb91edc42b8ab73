// SPDX-License-Identifier: Apache-2.0
// The table that `deja run` hands to the interposer (observe/preload/route_layout.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/find_tool.h"

namespace deja::cli {

struct RunRules {
  // The user's patterns; they come before what deja knows.
  std::vector<std::string> never, always, driver;
  bool with_tests = false;
  bool with_commands = true;  // also programs that no adapter knows
  bool is_dry = false;
  std::string client;  // absolute paths; empty: none
  std::string report;
  std::string shapes;
  os::ClientFile client_file;
};

// The bytes of the table.
std::string encode_run_table(const RunRules& rules);

// An empty table of command shapes.
std::string empty_shapes();

}  // namespace deja::cli
