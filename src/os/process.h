// Programs: become one, or start one and wait for it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace deja::os {

using Texts = std::vector<std::string>;

// Reads of, or writes to, one of the standard streams come to nothing from now on (/dev/null).
void silence_stream(int stream);

// Replaces this process; a script without "#!" runs under the shell, as execvp has it. Returns the
// error number only when that is impossible. environment: "NAME=value".
int become_program(const std::string& path, const Texts& argv, const Texts& environment);

// Starts a child with our own descriptors. cwd: "" is our own.
Result<pid_t> start_program(const std::string& path, const Texts& argv, const Texts& environment,
                            const std::string& cwd = {});

// A child with an empty standard input, whose output comes to us. cwd: "" is our own.
struct Heard {
  pid_t pid = -1;
  Fd out, err;
};
Result<Heard> start_heard(const std::string& path, const Texts& argv, const Texts& environment,
                          const std::string& cwd);

// Runs it in a copy of this process and waits: it may crash without us. Exit code of the copy; empty:
// a signal ended it, or there could be none. REQUIRES: no other threads.
std::optional<int> run_in_copy(const std::function<int()>& body);

// How a child ended, once.
struct Ended {
  int exit_code = 0;
  int signal = 0;  // not 0: by this signal
};
// Empty: it still runs (only where wait is false).
std::optional<Ended> ended(pid_t child, bool wait);
void send_signal(pid_t child, int signal);
// Is it stopped, by a signal or a debugger? False where it cannot be told.
bool is_stopped(pid_t process);
// Is the first the parent of the second, or of its parent, and so on? False where it cannot be told.
bool is_ancestor(pid_t process, pid_t of);
// Can be read when the child has ended. None where the kernel has no such thing (before Linux 5.3).
Fd end_of(pid_t child);

// Waits until one of the descriptors can be read or has ended; those are true. -1: none, never.
std::vector<bool> wait_readable(const std::vector<int>& fds);

// Our own variables, "NAME=value".
Texts own_environment();

// Our own umask, without setting it, which every thread would see. Empty: it cannot be had.
std::optional<unsigned> own_umask();

// What our standard output and standard error are. Empty: a standard stream is closed.
struct StandardStreams {
  bool out_is_terminal = false, err_is_terminal = false;
  bool are_one = false;  // the same open file, pipe or terminal
};
std::optional<StandardStreams> standard_streams();

}  // namespace deja::os
