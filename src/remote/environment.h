// SPDX-License-Identifier: Apache-2.0
// The variables of the client that asked. An engine serves many clients and outlives them, so nothing here
// looks at the engine's own environment.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace deja::remote {

using Environment = std::map<std::string, std::string, std::less<>>;

// Empty: unset, or set to nothing.
inline std::string variable(const Environment& environment, std::string_view name) {
  const auto at = environment.find(name);
  return at == environment.end() ? std::string() : at->second;
}

}  // namespace deja::remote
