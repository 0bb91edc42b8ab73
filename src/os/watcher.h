// Watcher: the kernel's notices about directories and files (inotify(7)), and about mounts.
//
// A notice is queued before the call that caused it returns to its caller. So whoever changes a
// file and then starts us has its notice in the queue when we look.
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
    gone,        // the watched directory or file no longer exists, and its watch neither
    everything,  // anything may have changed: notices were lost, or something was mounted
  };
  struct Notice {
    What what = What::changed;
    int watch = -1;         // what add_…() returned
    std::string_view name;  // the entry of the directory; empty: the watched thing itself
  };
  // Names in a directory that come, go or change their attributes. Empty (-1): cannot be watched.
  int add_directory(const std::string& path);
  // Content and attributes of a file, whatever name it is changed through. -1: cannot be watched.
  int add_file(const std::string& path);
  void remove(int watch);

  // Hands out all notices that are queued now; does not wait.
  void drain(const std::function<void(const Notice&)>& take);

 private:
  Watcher(Fd inotify, Fd mounts) : inotify_(std::move(inotify)), mounts_(std::move(mounts)) {}
  int add(const std::string& path, std::uint32_t mask);

  Fd inotify_;
  Fd mounts_;  // /proc/self/mountinfo: its poll says that the table changed
};

// Can notices be trusted for everything below this directory? Not on network file systems and FUSE,
// where others change files without the kernel knowing.
bool is_watchable_filesystem(const std::string& path);

// How many watches this user may have (fs.inotify.max_user_watches).
std::uint64_t watch_limit();

}  // namespace deja::os
