// Reading the events back, for `deja events` and `deja why`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/event.h"

namespace deja::journal {

using Filter = std::function<bool(const Event&)>;

// The newest `limit` events that pass the filter (an empty one passes all), oldest first. Lines
// that are no events are left out. No journal is no error: no events.
Result<std::vector<Event>> read_events(const std::string& dir, std::size_t limit,
                                       const Filter& filter = {});

// Waits for events by asking from time to time; sees each once, also across a rotation (events
// that come while two rotations happen between two polls are lost to it).
class Follower {
 public:
  // Starts behind what is there now.
  explicit Follower(std::string dir);
  std::vector<Event> poll();

 private:
  std::string dir_;
  std::uint64_t inode_ = 0;  // of the file that offset_ is in; 0: there was none
  std::uint64_t offset_ = 0;
};

}  // namespace deja::journal
