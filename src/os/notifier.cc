// SPDX-License-Identifier: Apache-2.0
#include "os/notifier.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace deja::os {

Notifier::Notifier() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Notifier::notify() {
  const std::uint64_t one = 1;
  if (::write(event_.get(), &one, sizeof(one)) < 0) return;  // it is notified already
}

bool Notifier::wait(int descriptor, std::int64_t milliseconds) {
  struct pollfd fds[2] = {{event_.get(), POLLIN, 0}, {descriptor, POLLIN, 0}};
  ::poll(fds, 2, static_cast<int>(milliseconds));
  std::uint64_t count = 0;
  if (fds[0].revents != 0 && ::read(event_.get(), &count, sizeof(count)) < 0) return false;
  return fds[1].revents != 0;
}

}  // namespace deja::os
