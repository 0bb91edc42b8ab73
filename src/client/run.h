// Runs the real tool on the engine's word: under observation, with its streams passed on to the
// user as they come and captured for the engine.
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
  std::string_view preload;  // the interposer's path, with a NUL behind it; empty: run unobserved
  bool supervise = false;    // observe by deja-supervise instead
  bool strip_colour = false;
  bool streams_are_one = false;
  bool no_stdin = false;            // it reads an empty file
  bool drops[2] = {false, false};   // stdout, stderr: captured, but not passed on
  bool is_own[2] = {false, false};  // stdout, stderr: the user's own, neither captured nor stored
  os::ClientFile front;             // our own executable
  bool is_exec = false;             // `deja exec`
  std::uint32_t limit_ms = 0;       // ended when it takes longer; 0: any time

  bool drops_any() const { return drops[0] || drops[1]; }
};

// Text that could not be written to the user's descriptor, by a tool that has ended well.
struct Unwritten {
  int fd = 0;              // 1, 2; 0: all was written
  int error = 0;           // of the write that failed
  bool was_heard = false;  // the tool could find it out by a write of its own
  // Would the tool, run again with the user's own descriptors, say nothing twice?
  bool may_run_again = false;
};

struct RunOutcome {
  bool started = false;  // false: the tool could not be started; nothing has happened
  wire::ReportHead head;
  std::string_view stdout_bytes, stderr_bytes;  // until the process ends
  int log_fd = -1;                              // the trace log; -1: unobserved
  Unwritten unwritten;
};

// env: the tool's. caller: our own.
RunOutcome run_tool(const RunOrder& order, const Environment& env, const Environment& caller);

}  // namespace deja::client
