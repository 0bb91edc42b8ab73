// SPDX-License-Identifier: Apache-2.0
// The run whose result is judged: its working directory, its invocation and its roots.
#pragma once

#include <string_view>

#include "action/roots.h"
#include "tool/tool.h"

namespace deja::sharing {

struct RunContext {
  std::string_view cwd;  // absolute
  const tool::Invocation& invocation;
  const tool::Adapter& adapter;
  const action::Roots& roots;
};

}  // namespace deja::sharing
