// The files that were opened for writing, until they are closed: then all has been written, and what
// the file is at that moment tells later whether somebody else has written to it since. A file that
// is closed more often than we have opened it was somebody else's too.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "observe/supervise/log_writer.h"
#include "os/fd.h"

namespace deja::observe::supervise {

class Outputs {
 public:
  explicit Outputs(LogWriter& log);

  // To be called before anybody else can close it.
  void follow(const os::Fd& fd, pid_t process);
  // Records what has been closed by now.
  void record_closed();

 private:
  struct Output {
    os::Fd file;  // holds no right to read or write, so nobody is kept from executing it
    pid_t process = 0;
    int opened = 0;
  };
  void on_close(int watch);

  LogWriter& log_;
  os::Fd notices_;
  std::unordered_map<int, Output> outputs_;  // by watch
};

}  // namespace deja::observe::supervise
