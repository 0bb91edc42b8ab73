// Prepare: the doors from a request to its probe key (locate, classify, identify, probe), walked by
// the hallway for every request and by memory when it prewarms one.
#pragma once

#include <variant>

#include "digest/file_digester.h"
#include "evidence/declared.h"
#include "pipeline/locate.h"

namespace deja::pipeline {

// What is known of a request before anything is read. Borrows from the request.
struct Prepared {
  tool::Command command;
  const tool::Adapter* adapter = nullptr;
  std::vector<std::string> looked_at;
  tool::Invocation invocation;
  action::Roots roots;
  os::FileIdentity tool_file;
  digest::FileContent tool_content;
  evidence::Declared declared;  // only of `deja exec`
  Digest identity;              // of the tool, as it is keyed
  ProbeKey command_key;         // the probe key but for what the sources hold
  ProbeKey probe;
};

// A bypass, and the tool if it is known.
struct Declined {
  tool::Bypass bypass;
  std::string tool;
};

// client: asked for standard input where that is part of the action. Null: there is none to ask, and
// such an action is declined.
std::variant<Prepared, Declined> prepare(const Request& request, const Settings& settings,
                                         Services& services, Client* client);

}  // namespace deja::pipeline
