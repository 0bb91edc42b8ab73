// SPDX-License-Identifier: Apache-2.0
// Programs: become one, or start one and wait for it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace deja::os {

using Texts = std::vector<std::string>;

// Gives this thread (and threads that it starts) less of a busy processor than others get; for good.
void lower_thread_priority();

// Redirects one of the standard streams to /dev/null.
void silence_stream(int stream);

// Replaces this process; a script without "#!" runs under the shell, as with execvp. Returns an errno
// if that fails. environment: "NAME=value".
int become_program(const std::string& path, const Texts& argv, const Texts& environment);

// Starts a child that inherits our descriptors. path without a slash: found in our PATH. cwd: "" is our own.
Result<pid_t> start_program(const std::string& path, const Texts& argv, const Texts& environment,
                            const std::string& cwd = {});

// A child with an empty standard input whose output we read. cwd: "" is our own.
struct Heard {
  pid_t pid = -1;
  Fd out, err;
};
Result<Heard> start_heard(const std::string& path, const Texts& argv, const Texts& environment,
                          const std::string& cwd);

// Runs body in a forked copy of this process and waits: a crash there does not end us. Returns the exit
// code of the copy; empty: a signal ended it, or fork failed. REQUIRES: no other threads.
std::optional<int> run_in_copy(const std::function<int()>& body);

// Runs body in a grandchild that has a session of its own and that nobody has to wait for; body does not
// return. An error: the grandchild could not be made. REQUIRES: no other threads.
Status run_detached(const std::function<void()>& body);

// How a child ended.
struct Ended {
  int exit_code = 0;
  int signal = 0;  // not 0: by this signal
};
// Reaps the child. Empty: it still runs (only if wait is false).
std::optional<Ended> ended(pid_t child, bool wait);
void send_signal(pid_t child, int signal);
// False for a process that is invisible from here (in another container), too.
bool is_running(pid_t process);
// True if it is stopped by a signal or a debugger. False if that cannot be found out.
bool is_stopped(pid_t process);
// True if the first is the parent, grandparent, … of the second. False if that cannot be found out.
bool is_ancestor(pid_t process, pid_t of);
// A descriptor that is readable once the child has ended. Empty before Linux 5.3.
Fd end_of(pid_t child);

// Waits until one of the descriptors is readable or at its end; those are true. -1 is never ready.
std::vector<bool> wait_readable(const std::vector<int>& fds);

// The descriptors from this number on that a program started by this process would inherit.
struct OpenDescriptor {
  int number = -1;
  std::uint64_t device = 0, inode = 0;
};
std::vector<OpenDescriptor> inheritable_descriptors(int first);

// The environment of this process, "NAME=value".
Texts own_environment();

// The umask of this process, read from /proc: umask(2) would change it for every thread. Empty: unknown.
std::optional<unsigned> own_umask();

// What standard output and standard error are. Empty: a standard stream is closed.
struct StandardStreams {
  bool out_is_terminal = false, err_is_terminal = false;
  bool are_one = false;  // the same open file, pipe or terminal
};
std::optional<StandardStreams> standard_streams();

}  // namespace deja::os
