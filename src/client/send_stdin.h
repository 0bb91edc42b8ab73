// SPDX-License-Identifier: Apache-2.0
// Standard input is an input of a tool, but it can be read only once. When the engine asks for it,
// the client reads it to its end, keeps it, and replaces descriptor 0 by what it kept.
#pragma once

#include <cstdint>

namespace deja::client {

// A descriptor of the kept bytes, at their beginning; descriptor 0 is a copy of it. The caller
// closes it. Negative: standard input is not kept (too long, or no memory); descriptor 0 still
// delivers every byte.
int keep_stdin();

// The state of standard input before a run, to detect whether the tool (or a process it started)
// has read from it. Not detectable: reading data that arrived during the run, or the end of input.
class StdinMark {
 public:
  StdinMark();
  bool is_passed() const;
  // Sets a file back to its old position. False: the data that was read is lost.
  bool give_back() const;

 private:
  std::int64_t position_ = -1;  // of a file
  int unread_ = 0;              // for anything else: bytes that are waiting
};

}  // namespace deja::client
