// SPDX-License-Identifier: Apache-2.0
// Watcher: notices from the kernel about directories and files (inotify(7)), and about mounts.
//
// The kernel queues a notice before the call that caused it returns. So a process that changes a file
// and then starts us has its notice in the queue before we look.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/fd.h"

namespace deja::os {

class Watcher {
 public:
  static Result<Watcher> open();

  enum class What {
    changed,     // the file, the name in the directory, or the directory itself
    gone,        // the watched directory or file no longer exists, and its watch is removed
    everything,  // anything may have changed: notices were lost, or a file system was mounted
  };
  struct Notice {
    What what = What::changed;
    int watch = -1;  // the value that add_…() returned
    std::string_view
        name;  // the entry of the directory; empty: the watched directory or file itself
  };
  // Names in a directory that come, go or change their attributes. -1: cannot be watched.
  int add_directory(const std::string& path);
  // Content and attributes of a file, under whatever name it is changed. -1: cannot be watched.
  int add_file(const std::string& path);
  void remove(int watch);

  // Would drain() pass on anything?
  bool has_notices();
  // Passes on all notices that are queued now; does not wait.
  void drain(const std::function<void(const Notice&)>& take);

  // Descriptors by which another process may ask whether there are notices: poll(2) reports POLLIN for the first and
  // POLLPRI for the second. It must not read the first. For the second, poll() reports each change of the mounts
  // only once, whoever asks.
  int notices() const { return inotify_.get(); }
  int mounts_for_others() const { return mounts_for_others_.get(); }

 private:
  Watcher(Fd inotify, Fd mounts, Fd mounts_for_others)
      : inotify_(std::move(inotify)),
        mounts_(std::move(mounts)),
        mounts_for_others_(std::move(mounts_for_others)) {}
  int add(const std::string& path, std::uint32_t mask);

  Fd inotify_;
  // /proc/self/mountinfo: poll(2) reports a change of the mount table.
  Fd mounts_, mounts_for_others_;
  bool mounts_changed_ = false;  // has_notices() has seen it
};

// True if the kernel reports every change below this directory. Not so on network file systems and
// FUSE, where other machines or processes change files without the kernel.
bool is_watchable_filesystem(const std::string& path);

// The number of watches that this user may have (fs.inotify.max_user_watches).
std::uint64_t watch_limit();

}  // namespace deja::os
