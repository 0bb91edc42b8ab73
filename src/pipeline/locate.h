// SPDX-License-Identifier: Apache-2.0
// From a request to a command that an adapter understands, and the roots it works in.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "action/roots.h"
#include "pipeline/client.h"
#include "pipeline/services.h"
#include "tool/tool.h"

namespace deja::pipeline {

struct Located {
  tool::Command command;
  const tool::Adapter* adapter = nullptr;
  bool behind_client = false;  // `deja` comes before the tool in PATH, under the tool's name
  std::vector<std::string> looked_at;  // absolute paths that decide which file is the tool
};

// argv, working directory and environment of the request; the tool is still to be found.
tool::Command command_of(const Request& request);

// The real tool and the adapter that knows it, or why there is none.
std::variant<Located, tool::Bypass> locate(const Request& request, const Settings& settings);

// None where the working directory is part of the key (`deja exec`). Else the working directory, and the
// workspace: the directory that the invocation names, or a configured base directory that holds the working
// directory or the source, or the nearest common ancestor of these two, unless that is too general for one
// project ("/home/me", "/tmp").
action::Roots find_roots(const tool::Command& command, const tool::Invocation& invocation,
                         const Settings& settings);

}  // namespace deja::pipeline
