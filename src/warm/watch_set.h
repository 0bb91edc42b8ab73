// WatchSet: knows, without looking at them, that files and names are still as they were.
//
// Checking a trace of 600 headers costs a stat each, five times the cost of the rest of a hit. A
// warm engine has the kernel tell it instead (os/watcher.h): every step of the way to a file is
// watched (each directory for the name that is taken from it, symlinks followed one by one), and the
// file itself as an inode, so that a change through another hard link is seen too. What cannot be
// watched (a directory's listing, a network file system, too many watches) gives no vigil, and the
// trace is checked the long way. docs/decisions/0005-watch-set.md says what a vigil cannot see.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "os/watcher.h"

namespace deja::warm {

class WatchSet {
 public:
  // A moment in the order of notices.
  using Epoch = std::uint64_t;
  using Node = std::uint32_t;  // one watched name or inode
  // The nodes on the way to each of some paths, one path after the other.
  struct Token {
    std::vector<Node> nodes;
    std::vector<std::uint32_t> ends;  // of each path's nodes
    Epoch since = 0;
  };

  // Without a watcher (the kernel has none left) nothing can be watched.
  static std::unique_ptr<WatchSet> open();

  // Watches everything on the way to these absolute paths, from now on. What the caller finds true
  // of a path after this call stays true while changed() does not name it. Empty: something
  // cannot be watched.
  std::optional<Token> watch(const std::vector<std::string>& paths);

  // Which paths (by their place in the list) have something changed on their way since the stand
  // was begun? Takes in all notices up to now first.
  std::vector<std::uint32_t> changed(const Token& token);

  // The same stand with the ways to the paths of `which` walked anew (paths[i] is the path at place
  // which[i]). Empty: cannot be watched, or others have been disturbed meanwhile.
  std::optional<Token> refresh(const Token& token, const std::vector<std::uint32_t>& which,
                               const std::vector<std::string>& paths);

 private:
  struct Name {
    int directory;  // watch
    std::string name;
    bool operator<(const Name& o) const {
      return directory != o.directory ? directory < o.directory : name < o.name;
    }
  };
  struct Walk {
    std::vector<Node> nodes;
    Epoch made = 0;
  };
  struct Progress;  // of one walk

  explicit WatchSet(os::Watcher watcher);
  void catch_up() REQUIRES_LOCK(mutex_);
  void forget_everything() REQUIRES_LOCK(mutex_);
  const Walk* walk(const std::string& path) REQUIRES_LOCK(mutex_);
  bool step(Progress& progress) REQUIRES_LOCK(mutex_);
  int directory_watch(const std::string& real_directory) REQUIRES_LOCK(mutex_);
  Node name_node(int directory, std::string_view name) REQUIRES_LOCK(mutex_);
  Node file_node(const std::string& real_path, int* watch) REQUIRES_LOCK(mutex_);
  Node new_node() REQUIRES_LOCK(mutex_);
  bool is_fresh(const Node* begin, const Node* end, Epoch since) REQUIRES_LOCK(mutex_);
  std::vector<std::uint32_t> find_changed(const Token& token) REQUIRES_LOCK(mutex_);
  void directory_is_gone(int watch) REQUIRES_LOCK(mutex_);

  const std::uint64_t watches_max_;
  bool is_full_ GUARDED_BY(mutex_) = false;
  Mutex mutex_;
  os::Watcher watcher_ GUARDED_BY(mutex_);
  Epoch now_ GUARDED_BY(mutex_) = 1;
  Epoch forgot_at_ GUARDED_BY(mutex_) = 0;         // everything before is void
  Epoch last_change_ GUARDED_BY(mutex_) = 0;       // of any node
  std::vector<Epoch> changed_ GUARDED_BY(mutex_);  // by node
  std::map<Name, Node> names_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, int> directories_ GUARDED_BY(mutex_);  // real path -> watch
  std::unordered_map<int, Node> files_ GUARDED_BY(mutex_);               // watch -> node
  std::unordered_map<std::string, Walk> walks_ GUARDED_BY(mutex_);       // spelled path
};

}  // namespace deja::warm
