// SPDX-License-Identifier: Apache-2.0
// Runs a test body in several processes.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <vector>

namespace deja::journal {

// Runs body(i) in `count` child processes at once. True if all calls returned true.
template <typename Body>
bool in_processes(int count, Body body) {
  std::vector<pid_t> children;
  for (int i = 0; i < count; ++i) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body(i) ? 0 : 1);
    children.push_back(child);
  }
  bool good = true;
  for (const pid_t child : children) {
    int status = 0;
    good = ::waitpid(child, &status, 0) == child && status == 0 && good;
  }
  return good;
}

}  // namespace deja::journal
