// SPDX-License-Identifier: Apache-2.0
// Wakes one thread (eventfd(2)). In contrast to os::WakeUp (connection.h) it does so once for each call.
#pragma once

#include <cstdint>

#include "os/fd.h"

namespace deja::os {

class Notifier {
 public:
  Notifier();
  // False: the kernel gave no descriptor, and wait() only waits for the time.
  bool can_notify() const { return static_cast<bool>(event_); }
  // The present or the next wait() returns. From any thread.
  void notify();
  // Waits for notify(), until `descriptor` is readable (-1: none), or for so long (-1: without limit). True: the
  // descriptor is readable.
  bool wait(int descriptor, std::int64_t milliseconds);

 private:
  Fd event_;
};

}  // namespace deja::os
