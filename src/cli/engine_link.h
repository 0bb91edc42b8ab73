// Reaching the daemon of a cache directory: asking it, and starting it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/context.h"

namespace deja::cli {

// Sends one word ("status", "stop", "forget") and waits a few seconds for the answer. Empty: nobody listens.
Result<std::optional<std::string>> ask_daemon(const Context& context, std::string_view word);

struct DaemonStatus {
  bool is_running = false;
  bool is_silent = false;  // something listens but gives no answer we understand
  std::optional<std::int64_t> pid;
  std::string version;
  bool is_of_our_build = false;
  std::string answer;  // JSON, all that the daemon says of itself
};
DaemonStatus daemon_status(const Context& context);

// The engine's program; absolute.
std::string engine_path(const Context& context);

// Starts the daemon in a session of its own. False: another one has the directory's lock.
Result<bool> start_daemon(const Context& context);
// Has a daemon (or somebody who is just starting one) the directory's lock? Its socket goes first when
// it ends, the lock last.
bool is_daemon_alive(const Context& context);
// Ends a daemon that does not answer (it is stopped, or hangs), and removes the socket of somebody else's
// listener. False: there was neither, or it is still there.
bool end_silent_daemon(const Context& context);
// Clients ask again at once, though one has heard nothing for a while (client/silence.h).
void forget_silence(const Context& context);
// Becomes the daemon, in the foreground. Returns only when it cannot.
Error become_daemon(const Context& context);

}  // namespace deja::cli
