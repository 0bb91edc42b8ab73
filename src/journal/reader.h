// SPDX-License-Identifier: Apache-2.0
// Reads events, for the subcommands.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/event.h"

namespace deja::journal {

// Heartbeats (Outcome::running) are no requests: most questions leave them out.
enum class Which { requests, all };

using Filter = std::function<bool(const Event&)>;

// The newest `limit` events that pass the filter (an empty filter passes all), oldest first. Skips
// lines that are not events. A missing journal gives no events and no error.
Result<std::vector<Event>> read_events(const std::string& dir, std::size_t limit,
                                       const Filter& filter = {}, Which which = Which::requests);

// All requests, the newest first, until `visit` returns false. The same for lines that are not events, and for a
// missing journal. A file is read as a whole: at most 64 MiB.
using Visit = std::function<bool(const Event&)>;
Status visit_events(const std::string& dir, const Visit& visit);

// Polls for new events, heartbeats too. Returns each event once, also across a rotation. (If two rotations happen
// between two polls, it misses the events between them.)
class Follower {
 public:
  // Starts after the present events.
  explicit Follower(std::string dir);
  std::vector<Event> poll();

 private:
  std::string dir_;
  std::uint64_t inode_ = 0;  // of the file that offset_ refers to; 0: there was none
  std::uint64_t offset_ = 0;
};

}  // namespace deja::journal
