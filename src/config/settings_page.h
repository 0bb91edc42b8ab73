// SPDX-License-Identifier: Apache-2.0
// docs/settings.md, made from the table of settings.
#pragma once

#include <string>

namespace deja::config {

std::string settings_page();

}  // namespace deja::config
