// SPDX-License-Identifier: Apache-2.0
// Makes docs/bypass.md from the tables of reasons and options.
#pragma once

#include <string>

namespace deja::tool {

std::string bypass_page();

}  // namespace deja::tool
