// SPDX-License-Identifier: Apache-2.0
// Functions of libc and system calls that could matter and are not observed, each with the reason. What is
// observed: observe/preload/observed_calls.h.
#pragma once

#include <span>

namespace deja::observe::testing {

struct Ignored {
  const char* reason;
  const char* functions;  // separated by spaces
  const char* calls;      // likewise
};

std::span<const Ignored> ignored_calls();

}  // namespace deja::observe::testing
