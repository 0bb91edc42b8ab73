// SPDX-License-Identifier: Apache-2.0
#include "os/writers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

namespace deja::os {

bool has_writer(const Fd& file) {
  // A writer that comes now makes the kernel send us a signal: SIGIO, which ends a process, unless another is chosen.
  // SIGURG does nothing by default.
  if (::fcntl(file.get(), F_SETSIG, SIGURG) != 0) return false;
  if (::fcntl(file.get(), F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  ::fcntl(file.get(), F_SETLEASE, F_UNLCK);
  return false;
}

}  // namespace deja::os
