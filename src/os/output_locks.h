// SPDX-License-Identifier: Apache-2.0
// Two commands that write one file at the same time can leave each other's bytes in it: both write to one
// inode, and its stamps do not show it. So runs that are known to write the same file take turns, in all
// engines of one cache directory. A lock is held while the tool runs and until its outputs are stored.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "os/fd.h"

namespace deja::os {

class OutputLocks {
 public:
  OutputLocks() = default;
  OutputLocks(OutputLocks&&) = default;
  OutputLocks& operator=(OutputLocks&& other) noexcept {
    locks_.swap(other.locks_);
    gave_up_ = other.gave_up_;
    return *this;
  }
  ~OutputLocks();

  // names: one for each output, the same in all engines; they are the names of the lock files.
  // Waits for runs that hold one of them. Gives up when still_wanted, called once a second,
  // returns false, or when the other run's process is stopped. directory: of the lock files; a lock that
  // cannot be made there is left out. holder: the client's process, which is written into the locks.
  static OutputLocks take(const std::string& directory, std::vector<std::string> names,
                          const std::function<bool()>& still_wanted, pid_t holder = 0);

  // Removes the locks that killed engines have left in that directory.
  static void sweep(const std::string& directory);

  // False: another run writes, or has written, one of these outputs during this run.
  bool were_ours() const;

 private:
  struct Lock {
    std::string path;  // of the lock file
    Fd fd;
  };
  std::vector<Lock> locks_;
  bool gave_up_ = false;
};

}  // namespace deja::os
