// SPDX-License-Identifier: Apache-2.0
// Starts a program as another process would have started it.
#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <optional>
#include <string>

#include "observe/supervise/tracee.h"
#include "os/fd.h"

namespace deja::observe::supervise {

struct StartedHelper {
  pid_t child = 0;
  // The program waits for a byte here; if the socket is closed instead, it ends.
  os::Fd socket;
};

// call: the execve in which the asker waits. Empty: the asker's state cannot be reproduced.
std::optional<StartedHelper> start_helper(const Tracee& asker, const std::string& path,
                                          const seccomp_notif& call);

}  // namespace deja::observe::supervise
