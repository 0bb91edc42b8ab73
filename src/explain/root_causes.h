// SPDX-License-Identifier: Apache-2.0
// Why a build missed: its misses, grouped by what caused them first. A miss whose changed input was written by another
// miss of the same build has that one's cause: an edited source of a generator makes its program miss, the program the
// text it generates, and the text all that include it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "journal/event.h"

namespace deja::explain {

struct RootCause {
  std::string text;                   // "file /w/a.h changed", or why nothing could be looked up
  std::vector<std::string> commands;  // what missed (Event::what), in order
  std::size_t indirect = 0;   // of them: not by the cause itself, but by what another one wrote
  std::uint64_t cost_us = 0;  // of the tool, all together
};

// The events of the newest session (report/sessions.h). events: oldest first.
std::vector<journal::Event> last_build(const std::vector<journal::Event>& events);

// The absolute paths that an event's command wrote.
using OutputsOf = std::function<std::vector<std::string>(const journal::Event&)>;
// What is changed for a miss that has no changed input: its nearest known command, in words. May be empty.
using NewBecause = std::function<std::string(const journal::Event&)>;

// The costliest first.
std::vector<RootCause> root_causes(const std::vector<journal::Event>& build,
                                   const OutputsOf& outputs_of, const NewBecause& new_because);

// The file in a reason such as "changed: file <cwd>/a.h", or in what NewBecause says ("the content of <cwd>/gen"):
// absolute, or the end of its path ("/inc/a.h") where the text names a directory that the event does not tell. Empty:
// they name no file.
std::string changed_file(const journal::Event& event, const std::string& because = {});

}  // namespace deja::explain
