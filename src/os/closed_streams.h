// A program whose standard input, output or error is closed would give these numbers to the next files
// that it opens, and its texts would end in them: in the index, in a blob.
#pragma once

namespace deja::os {

// While one of these lives, no file that this process opens gets the number of a standard stream. What
// is closed stays as good as closed: reads and writes fail as before, and programs that are started
// find it closed. Thread-safe; many may live at once.
class ClosedStreams {
 public:
  ClosedStreams();
  ~ClosedStreams();
  ClosedStreams(const ClosedStreams&) = delete;
  ClosedStreams& operator=(const ClosedStreams&) = delete;
};

}  // namespace deja::os
