// SPDX-License-Identifier: Apache-2.0
// Bounded retries on EINTR: a call that a signal interrupted is repeated, but a file system or seccomp
// filter that always returns EINTR must not make an engine loop forever.
#pragma once

#include <cerrno>

namespace deja::os {

class Interruptions {
 public:
  // After a failed call: true if it should be repeated. Keeps errno.
  bool again() { return errno == EINTR && ++count_ < kMax; }

 private:
  static constexpr int kMax = 1000;
  int count_ = 0;
};

}  // namespace deja::os
