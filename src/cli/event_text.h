// SPDX-License-Identifier: Apache-2.0
// Describes events in sentences.
#pragma once

#include <string>
#include <string_view>

#include "journal/event.h"

namespace deja::cli {

// "hit", "miss (dup)", "hit (remote)"
std::string outcome_text(const journal::Event& event);
// One sentence without a full stop: the reason for the event's outcome.
std::string explanation(const journal::Event& event);
// For people who stand in a directory: paths below it without its name.
std::string seen_from(std::string_view directory, std::string_view text);
// The name of the tool without its directory.
std::string tool_text(const journal::Event& event);

}  // namespace deja::cli
