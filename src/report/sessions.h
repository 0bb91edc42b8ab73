// SPDX-License-Identifier: Apache-2.0
// Sessions: the builds that can be told apart in the journal. Commands belong to one session as long as no pause of
// kPauseNs lies between them. What runs at the same time is one session, whatever its directory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/event.h"

namespace deja::report {

inline constexpr std::int64_t kPauseNs = 30'000'000'000;

struct Session {
  std::int64_t begin_ns = 0, end_ns = 0;  // wall clock
  std::uint64_t commands = 0, hits = 0, misses = 0;
  std::string directory;  // that holds the directories of all commands
  // The local time of its begin, as "20261129-164947".
  std::string id() const;
};

// Splits events into sessions. Events must come with the newest first.
class SessionSplitter {
 public:
  // True: the event begins an older session than the one before it.
  bool add(const journal::Event& event);
  // The newest first; the last one may still grow.
  const std::vector<Session>& sessions() const { return sessions_; }

 private:
  std::vector<Session> sessions_;
};

}  // namespace deja::report
