// SPDX-License-Identifier: Apache-2.0
#include "client/relay.h"

#include <signal.h>
#include <unistd.h>

#include "client/descriptors.h"

namespace deja::client {
namespace {

// The relay ends with the stream: a signal that ends the writers also ends it this way. If it ended
// first, their next write would kill them.
void outlive_signals() {
  for (const int s : {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGQUIT, SIGPIPE})
    ::signal(s, SIG_IGN);
}

}  // namespace

void leave_relay(Stream& stream) {
  const pid_t child = ::fork();
  if (child != 0) {
    stream.close();
    return;
  }
  outlive_signals();
  close_others({stream.from(), stream.to()});
  // Keeps no directory of the user's in use.
  [[maybe_unused]] const int moved = ::chdir("/");
  stream.stop_capture();
  for (;;) {
    OpenStreams open(&stream, 1, -1);
    if (!open.any()) ::_exit(0);
    if (open.poll(-1) > 0) open.pump();
  }
}

}  // namespace deja::client
