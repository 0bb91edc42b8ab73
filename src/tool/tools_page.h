// SPDX-License-Identifier: Apache-2.0
// Makes docs/tools.md from the tables.
#pragma once

#include <string>

namespace deja::tool {

std::string tools_page();

}  // namespace deja::tool
