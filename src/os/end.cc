// SPDX-License-Identifier: Apache-2.0
#include "os/end.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

namespace deja::os {

int end_by_signal(int signal) {
  const struct rlimit none = {0, 0};  // the child has already left its core file
  ::setrlimit(RLIMIT_CORE, &none);
  ::signal(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  ::kill(::getpid(), signal);
  return 128 + signal;
}

}  // namespace deja::os
