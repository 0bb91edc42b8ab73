// SPDX-License-Identifier: Apache-2.0
// Keeps SIGPIPE from the program while a library writes to sockets in its own way (OpenSSL, libcurl). A daemon
// ignores the signal anyway, but the program that uses libdeja may not, and its handlers are its own.
#pragma once

#include <signal.h>

namespace deja::os {

// Blocks SIGPIPE for this thread; the end of the block removes one that came in between. For one thread: made
// and destroyed in the same.
class SigpipeBlock {
 public:
  SigpipeBlock();
  ~SigpipeBlock();
  SigpipeBlock(const SigpipeBlock&) = delete;
  SigpipeBlock& operator=(const SigpipeBlock&) = delete;

 private:
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace deja::os
