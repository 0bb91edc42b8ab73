// SPDX-License-Identifier: Apache-2.0
// Runs the real tool for the engine: observed, with its streams passed on to the user as they
// arrive and captured for the engine.
#pragma once

#include <cstdint>
#include <string_view>

#include "client/environment.h"
#include "os/find_tool.h"
#include "wire/messages.h"

namespace deja::client {

struct RunOrder {
  char* tool = nullptr;      // absolute path
  char** argv = nullptr;     // complete, NULL-terminated
  std::string_view preload;  // the interposer's path, followed by a NUL; empty: run unobserved
  bool supervise = false;    // observe by deja-supervise instead
  bool strip_colour = false;
  bool streams_are_one = false;
  bool no_stdin = false;            // an empty standard input
  bool drops[2] = {false, false};   // stdout, stderr: captured, but not passed on
  bool is_own[2] = {false, false};  // stdout, stderr: the user's own, neither captured nor stored
  os::ClientFile client;            // our own executable
  bool is_exec = false;             // `deja exec`
  bool is_routed = false;           // `deja run`
  std::uint32_t limit_ms = 0;       // the time limit; 0: none

  bool drops_any() const { return drops[0] || drops[1]; }
};

// Text that could not be written to the user's descriptor, when the tool itself succeeded.
struct Unwritten {
  int fd = 0;                // 1, 2; 0: all was written
  int error = 0;             // the errno of the failed write
  bool is_reported = false;  // the tool's own write could report the error
  // Would running the tool again with the user's own descriptors print nothing twice?
  bool may_run_again = false;
};

struct RunOutcome {
  bool started = false;  // false: the tool could not be started; nothing has happened
  wire::ReportHead head;
  std::string_view stdout_bytes, stderr_bytes;  // valid until the process ends
  int log_fd = -1;                              // the trace log; -1: unobserved
  Unwritten unwritten;
};

// env: the tool's. caller: our own.
RunOutcome run_tool(const RunOrder& order, const Environment& env, const Environment& caller);

}  // namespace deja::client
