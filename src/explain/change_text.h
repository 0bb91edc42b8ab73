// SPDX-License-Identifier: Apache-2.0
// What changed for a miss, as a sentence: "changed: file <cwd>/a.h" reads "file /w/a.h changed".
#pragma once

#include <string>

#include "journal/event.h"

namespace deja::explain {

// Empty: the event's reason names no change.
std::string change_text(const journal::Event& event);

}  // namespace deja::explain
