// SPDX-License-Identifier: Apache-2.0
#include "os/sigpipe.h"

#include <ctime>

namespace deja::os {
namespace {

sigset_t sigpipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  return set;
}

bool is_pending() {
  sigset_t pending;
  sigemptyset(&pending);
  return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

}  // namespace

SigpipeBlock::SigpipeBlock() : was_pending_(is_pending()) {
  const sigset_t set = sigpipe();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
}

SigpipeBlock::~SigpipeBlock() {
  // A SIGPIPE from a write goes to the thread that wrote, so what is pending now is ours.
  if (!was_pending_ && is_pending()) {
    const sigset_t set = sigpipe();
    const timespec no_time{};
    sigtimedwait(&set, nullptr, &no_time);
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace deja::os
