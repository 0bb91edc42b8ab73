// SPDX-License-Identifier: Apache-2.0
// How tests compare a problem: "input_changed: /src/a.h", or "clock_read" without a detail; "" is none.
#pragma once

#include <optional>
#include <string>

#include "action/not_stored.h"

namespace deja::action {

inline std::string text_of(const std::optional<Problem>& problem) {
  if (!problem) return {};
  const std::string code(problem->code());
  return problem->detail.empty() ? code : code + ": " + problem->detail;
}

}  // namespace deja::action
