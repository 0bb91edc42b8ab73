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
  bool behind_client = false;  // the tool's name leads whoever does not know the front to it
  std::vector<std::string> looked_at;  // absolute paths on which it depends that this is the tool
};

// The request's words, without the tool: argv, cwd and environment.
tool::Command command_of(const Request& request);

// The real tool and the adapter that knows it, or why there is none.
std::variant<Located, tool::Bypass> locate(const Request& request, const Settings& settings);

// None where the working directory is part of the key (`deja exec`). Else
// cwd, and the directory that the invocation names, or that holds both cwd and the source: a configured base directory, else their
// nearest common ancestor unless that is too general to be one project's ("/home/me", "/tmp").
action::Roots find_roots(const tool::Command& command, const tool::Invocation& invocation,
                         const Settings& settings);

}  // namespace deja::pipeline
