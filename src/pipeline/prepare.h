// SPDX-License-Identifier: Apache-2.0
// Prepare: from a request to its probe key. Finds the tool (locate), has its adapter read the command line
// (classify), digests the tool's file and computes the key. Used for each request, and to prewarm one.
#pragma once

#include <variant>

#include "digest/file_digester.h"
#include "evidence/declared.h"
#include "pipeline/locate.h"

namespace deja::pipeline {

// What is known of a request before any input is read. Borrows from the request.
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
  ProbeKey command_key;         // the probe key without the contents of the sources
  ProbeKey probe;
};

// A bypass, and the tool and its adapter if they are known.
struct Declined {
  tool::Bypass bypass;
  std::string tool;
  const tool::Adapter* adapter = nullptr;
};

// client: gives standard input where that is part of the action. Null: such an action is declined.
std::variant<Prepared, Declined> prepare(const Request& request, const Settings& settings,
                                         Services& services, Client* client);

}  // namespace deja::pipeline
