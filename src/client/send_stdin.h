// A tool's standard input is an input like others, but it can be read once only. When the engine
// asks for it, the front reads it to its end, keeps it, and puts what it kept in its place.
#pragma once

#include <cstdint>

namespace deja::client {

// The kept bytes, from their beginning, and descriptor 0 is a copy of it; the caller closes it.
// Negative: standard input is not kept (too long, or no memory for it); whoever reads descriptor 0
// still gets every byte of it.
int keep_stdin();

// What is left of standard input before a run, to tell whether the tool (or whatever it started) took
// something of it. What cannot be told: reading what only came during the run, or the end.
class StdinMark {
 public:
  StdinMark();
  bool is_passed() const;
  // Puts a file back to where it was. False: what was taken is gone.
  bool give_back() const;

 private:
  std::int64_t position_ = -1;  // of a file
  int unread_ = 0;              // of anything else: bytes that wait
};

}  // namespace deja::client
