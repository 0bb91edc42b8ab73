// A program that is started by the supervisor as another process would have started it.
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
  // It waits for a byte, and ends when this is closed instead.
  os::Fd socket;
};

// call: the execve that the asker waits in. Empty: it cannot be made what the asker is.
std::optional<StartedHelper> start_helper(const Tracee& asker, const std::string& path,
                                          const seccomp_notif& call);

}  // namespace deja::observe::supervise
