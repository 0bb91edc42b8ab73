#include "client/relay.h"

#include <signal.h>
#include <unistd.h>

#include "client/descriptors.h"

namespace deja::client {
namespace {

// What ends the processes it serves ends it too, by the end of their stream. Were it to end first, they
// would be killed by their next write.
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
  // No directory of the user's is kept in use.
  [[maybe_unused]] const int moved = ::chdir("/");
  stream.stop_capture();
  for (;;) {
    OpenStreams open(&stream, 1, -1);
    if (!open.any()) ::_exit(0);
    if (open.poll(-1) > 0) open.pump();
  }
}

}  // namespace deja::client
