// SPDX-License-Identifier: Apache-2.0
// Two commands that write one file at the same time can leave each other's bytes in it: both write to one
// inode, and its stamps do not show it. So runs that are known to write the same file take turns, in all
// engines of one cache directory. A lock is held while the tool runs and until its outputs are stored.
//
// All locks are bytes of one file (F_OFD_SETLK, fcntl(2)), so taking one makes and removes no file. They end with their
// engine.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "os/fd.h"

namespace deja::os {

class OutputLocks {
 public:
  OutputLocks() = default;
  OutputLocks(OutputLocks&&) = default;
  OutputLocks& operator=(OutputLocks&&) = default;

  // outputs: a digest of each output's path, the same in all engines. Waits for runs that hold one of them. Gives up
  // when still_wanted, called once a second, returns false, or when the other run's process is stopped.
  // file: with all locks, made if it is not there; without it, and without locks of the file system, none is taken.
  // holder: the client's process; others read it.
  static OutputLocks take(const std::string& file, std::vector<std::uint64_t> outputs,
                          const std::function<bool()>& still_wanted, pid_t holder = 0);

  // False: another run writes, or has written, one of these outputs during this run.
  bool were_ours() const;

 private:
  struct Lock {
    std::uint64_t output;
    std::uint64_t late;  // who had given up waiting before
  };
  bool try_lock(std::uint64_t output, pid_t holder);
  void give_up(std::uint64_t output);

  Fd file_;
  std::vector<Lock> locks_;
  bool is_shared_ = false;  // another run did not wait, or this one
};

}  // namespace deja::os
