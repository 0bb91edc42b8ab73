// EINTR, bounded: a call that a signal has interrupted is made again, but a file system (or a seccomp
// filter) that says so forever must not make an engine spin.
#pragma once

#include <cerrno>

namespace deja::os {

class Interruptions {
 public:
  // After a call that failed: is it worth another try? errno is kept.
  bool again() { return errno == EINTR && ++count_ < kMax; }

 private:
  static constexpr int kMax = 1000;
  int count_ = 0;
};

}  // namespace deja::os
