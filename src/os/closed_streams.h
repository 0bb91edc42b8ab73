// SPDX-License-Identifier: Apache-2.0
// If standard input, output or error is closed, the next files that the process opens get these
// numbers, and text for the stream would be written into them: into the index or a blob.
#pragma once

namespace deja::os {

// While an object lives, no file that this process opens gets the number of a standard stream. A closed
// stream still behaves as closed: reads and writes fail as before, and child programs find it closed.
// Thread-safe; several may exist at once.
class ClosedStreams {
 public:
  ClosedStreams();
  ~ClosedStreams();
  ClosedStreams(const ClosedStreams&) = delete;
  ClosedStreams& operator=(const ClosedStreams&) = delete;
};

}  // namespace deja::os
