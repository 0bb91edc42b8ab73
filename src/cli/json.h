// SPDX-License-Identifier: Apache-2.0
// The JSON that subcommands print.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/format.h"

namespace deja::cli {

using Json = nlohmann::ordered_json;

// With a newline. Bytes that are not UTF-8 (paths may hold any) become U+FFFD.
inline std::string pretty(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace deja::cli
