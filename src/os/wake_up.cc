// SPDX-License-Identifier: Apache-2.0
// Tested by connection_test.cc.
#include "os/wake_up.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace deja::os {

WakeUp::WakeUp() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void WakeUp::set() const {
  const std::uint64_t one = 1;
  static_cast<void>(::write(fd_.get(), &one, sizeof(one)));  // fails only if it is set already
}

void WakeUp::clear() const {
  std::uint64_t count = 0;
  static_cast<void>(::read(fd_.get(), &count, sizeof(count)));  // fails only if it is not set
}

bool WakeUp::is_set() const {
  struct pollfd fd = {fd_.get(), POLLIN, 0};
  return ::poll(&fd, 1, 0) > 0;
}

bool WakeUp::wait(int descriptor, std::int64_t milliseconds) const {
  struct pollfd fds[2] = {{fd_.get(), POLLIN, 0}, {descriptor, POLLIN, 0}};
  ::poll(fds, 2, static_cast<int>(milliseconds));
  return fds[1].revents != 0;
}

}  // namespace deja::os
