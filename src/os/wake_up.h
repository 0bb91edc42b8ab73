// SPDX-License-Identifier: Apache-2.0
// Wakes threads that wait for descriptors (eventfd(2)). Thread-safe.
#pragma once

#include <cstdint>

#include "os/fd.h"

namespace deja::os {

// Once set, it ends all waits that were given it, now and later, until it is cleared.
class WakeUp {
 public:
  WakeUp();
  // False: the kernel gave no descriptor, and nothing is ever woken.
  bool can_wake() const { return static_cast<bool>(fd_); }
  void set() const;
  void clear() const;
  bool is_set() const;
  int fd() const { return fd_.get(); }

  // Waits until it is set, `descriptor` is readable (-1: none), or so long (-1: without limit). True: the descriptor is
  // readable.
  bool wait(int descriptor, std::int64_t milliseconds) const;

 private:
  Fd fd_;
};

}  // namespace deja::os
