// SPDX-License-Identifier: Apache-2.0
// The files that were opened for writing, until they are closed. Then all has been written, and the
// file's identity at that moment shows later whether another process has written to it since. If a file
// is closed more often than the run opened it, another process wrote to it too.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "observe/supervise/log_writer.h"
#include "os/fd.h"

namespace deja::observe::supervise {

class Outputs {
 public:
  explicit Outputs(LogWriter& log);

  // Call before any other process can close it.
  void follow(const os::Fd& fd, pid_t process);
  // Records the files that have been closed.
  void record_closed();

 private:
  struct Output {
    os::Fd file;  // opened with O_PATH, so that it does not keep the file from being executed
    pid_t process = 0;
    int opened = 0;
  };
  void on_close(int watch);

  LogWriter& log_;
  os::Fd notices_;
  std::unordered_map<int, Output> outputs_;  // by watch
};

}  // namespace deja::observe::supervise
