// SPDX-License-Identifier: Apache-2.0
// Asks the daemon of a cache directory, and starts it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/context.h"

namespace deja::cli {

inline constexpr int kAnswerTimeoutMs = 1500;

// Sends one word ("status", "stop", "forget") and waits a few seconds for the answer. Empty: there
// is no listener.
Result<std::optional<std::string>> ask_daemon(const Context& context, std::string_view word);

struct DaemonStatus {
  bool is_running = false;
  bool is_silent = false;  // there is a listener, but no answer that is understood
  std::optional<std::int64_t> pid;
  std::string version;
  bool is_of_our_build = false;
  std::optional<std::int64_t> sessions;  // clients that are connected
  std::string answer;                    // the daemon's whole answer, JSON
};
DaemonStatus daemon_status(const Context& context);

// Absolute path of the engine's program.
std::string engine_path(const Context& context);

// Starts the daemon in its own session. False: another one has the directory's lock.
Result<bool> start_daemon(const Context& context);
// Does a daemon (or a process that is starting one) hold the directory's lock? A daemon that ends
// removes its socket first and releases the lock last.
bool is_daemon_alive(const Context& context);
// Ends a daemon that does not answer (stopped or hung), and removes the socket of a foreign
// listener. False: there was neither, or it still exists.
bool end_silent_daemon(const Context& context);
// Removes the mark that an engine was silent, so that clients ask again at once (client/silence.h).
void forget_silence(const Context& context);
// Becomes the daemon, in the foreground. Returns only on an error.
Error become_daemon(const Context& context);

}  // namespace deja::cli
