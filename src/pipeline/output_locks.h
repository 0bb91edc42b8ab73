// Two commands that write one file at the same time can leave each other's bytes in it: both open what
// is one inode, and neither's stamps tell. So runs of deja that are known to write one file take turns,
// in all engines of one cache directory. Held while the tool runs and until its outputs are stored.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "os/fd.h"

namespace deja::pipeline {

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

  // Waits for others that hold one of these absolute paths; gives up when still_wanted, asked once a
  // second, says no, or the other's process is stopped. holder: our client's, for others. directory: where the lock files lie. One that cannot be made is gone without.
  static OutputLocks take(const std::string& directory, std::vector<std::string> paths,
                          const std::function<bool()>& still_wanted, pid_t holder = 0);

  // Removes what killed engines have left in that directory.
  static void sweep(const std::string& directory);

  // False: somebody else writes, or has written, one of these files during the run.
  bool were_ours() const;

 private:
  struct Lock {
    std::string path;  // of the lock file
    os::Fd fd;
  };
  std::vector<Lock> locks_;
  bool gave_up_ = false;
};

}  // namespace deja::pipeline
