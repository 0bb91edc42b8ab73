// SPDX-License-Identifier: Apache-2.0
// The environment variables that the client needs, read once. The views point into the process's
// environment.
#pragma once

#include <cstddef>
#include <string_view>

#include "os/places.h"

namespace deja::client {

struct Environment {
  char** raw = nullptr;   // the whole environment, as given
  std::size_t count = 0;  // of raw
  os::PlaceVariables places;
  std::string_view path = "/bin:/usr/bin";  // PATH; execvp uses this when it is unset
  std::string_view preload;                 // LD_PRELOAD
  std::string_view calls;                   // the text of an os::CallChain
  // The table of `deja run` ("" outside one), which is not in raw: what this process becomes is routed, too.
  std::string_view route;
  bool has_preload = false;
  bool disabled = false;    // DEJA_DISABLE
  bool observed = false;    // this process runs inside another deja's observation
  bool daemon_off = false;  // DEJA_DAEMON=off
};

// Removes the variable of `deja run` from raw.
Environment read_environment(char** raw);

}  // namespace deja::client
