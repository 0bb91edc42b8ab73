// SPDX-License-Identifier: Apache-2.0
// WatchSet: inotify watches that prove that files and names have not changed, without a look at them.
//
// Checking a trace of 600 headers costs 600 calls of stat(), five times the rest of a hit. A warm engine
// asks the kernel for changes instead (os/watcher.h). Each directory on the way to a file is watched for
// the name that is taken from it, symlinks one by one, and the file itself as an inode, so that a change
// through another hard link is seen, too. What cannot be watched (a directory's listing, a network file
// system, a file that somebody is writing, too many watches) gives no token, and its trace is checked claim by
// claim. docs/decisions/0005-watch-set.md says which changes inotify does not report.
//
// Writes through a mapping cause no notice. The stamps of a token's files are therefore compared when the last
// comparison is older than kStampsNs (docs/traps/mapped-writers.md).
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "os/file.h"
#include "os/watcher.h"

namespace deja::warm {

class WatchSet {
 public:
  // A point in the order of the kernel's notices.
  using Epoch = std::uint64_t;
  using Node = std::uint32_t;  // one watched name or inode
  // How long a write through a mapping may go unnoticed.
  static constexpr std::int64_t kStampsNs = 200'000'000;
  // A time that copies can read while another thread sets it.
  class Time {
   public:
    Time() = default;
    Time(const Time& o) : ns_(o.get()) {}
    Time& operator=(const Time& o) {
      set(o.get());
      return *this;
    }
    std::int64_t get() const { return ns_.load(std::memory_order_relaxed); }
    void set(std::int64_t ns) const { ns_.store(ns, std::memory_order_relaxed); }

   private:
    mutable std::atomic<std::int64_t> ns_{0};
  };
  // The nodes on the way to each of some paths, one path after the other.
  struct Token {
    std::vector<Node> nodes;
    std::vector<std::uint32_t> ends;  // of each path's nodes
    Epoch since = 0;
    Time stamps_compared;  // when the stamps of all its files were compared, on the steady clock
  };

  // Is told of changes on the way to what it follows, while the WatchSet takes notices from the kernel. All calls
  // come under the WatchSet's lock.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void begin() = 0;  // before a notice is taken
    virtual void changed(std::uint64_t id) = 0;
    virtual void everything_changed() = 0;
    virtual void end() = 0;  // all that was taken is told
    // Is this id still followed?
    virtual bool follows(std::uint64_t id) = 0;
    // Has another process reported a change of the mounts? mounts_applied() deletes the report.
    virtual bool mounts_changed() = 0;
    virtual void mounts_applied() = 0;
  };

  // Null: the kernel gives no inotify instance, so nothing can be watched.
  static std::unique_ptr<WatchSet> open();

  // Watches everything on the way to these absolute paths, from now on. What the caller finds true
  // of a path after this call stays true while changed() does not name it. Empty: something
  // cannot be watched.
  std::optional<Token> watch(const std::vector<std::string>& paths);
  // The same for what is of use only besides others: empty also when too much is watched. (watch() then starts again,
  // and all tokens from before are stale.)
  std::optional<Token> watch_if_there_is_room(const std::vector<std::string>& paths);

  // The paths (their indexes in the list) on whose way something has changed since the token was given.
  // Reads all notices up to now first.
  std::vector<std::uint32_t> changed(const Token& token);

  // The same token with the paths of `which` walked again (paths[i] is the path with index which[i]).
  // Empty: one cannot be watched, or by now something has changed on the way to others.
  std::optional<Token> refresh(const Token& token, const std::vector<std::uint32_t>& which,
                               const std::vector<std::string>& paths);

  // There is one listener at most; null: none.
  void set_listener(Listener* listener);
  // Calls put() unless something has changed since the tokens were given. If it returns true, the listener follows the
  // tokens' paths by this id. False: it does not.
  bool follow(const std::vector<const Token*>& tokens, std::uint64_t id,
              const std::function<bool()>& put);
  // Takes what notices there are.
  void take_notices();
  // Compares the stamps of all files that are followed. Returns when it began: no comparison is older.
  std::int64_t compare_followed();
  // Descriptors for other processes (os::Watcher).
  int notices();
  int mounts_for_others();

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
  struct File {
    std::string path;  // without symlinks
    os::FileIdentity identity;
    std::int64_t compared_ns = 0;
  };

  explicit WatchSet(os::Watcher watcher);
  void catch_up() REQUIRES_LOCK(mutex_);
  bool apply(const os::Watcher::Notice& notice) REQUIRES_LOCK(mutex_);
  void forget_everything() REQUIRES_LOCK(mutex_);
  std::optional<Token> watch_all(const std::vector<std::string>& paths) REQUIRES_LOCK(mutex_);
  const Walk* walk(const std::string& path) REQUIRES_LOCK(mutex_);
  bool step(Progress& progress) REQUIRES_LOCK(mutex_);
  int directory_watch(const std::string& real_directory) REQUIRES_LOCK(mutex_);
  Node name_node(int directory, std::string_view name) REQUIRES_LOCK(mutex_);
  std::optional<Node> file_node(const std::string& real_path) REQUIRES_LOCK(mutex_);
  Node new_node() REQUIRES_LOCK(mutex_);
  void mark_changed(Node node) REQUIRES_LOCK(mutex_);
  void tell(Node node) REQUIRES_LOCK(mutex_);
  void add_follower(Node node, std::uint64_t id) REQUIRES_LOCK(mutex_);
  bool has_changed_stamps(File& file, std::int64_t now_ns) REQUIRES_LOCK(mutex_);
  bool is_fresh(const Node* begin, const Node* end, Epoch since) REQUIRES_LOCK(mutex_);
  std::vector<std::uint32_t> find_changed(const Token& token) REQUIRES_LOCK(mutex_);
  void compare_stamps(const Token& token, std::int64_t not_before_ns) REQUIRES_LOCK(mutex_);
  void directory_is_gone(int watch) REQUIRES_LOCK(mutex_);

  const std::uint64_t watches_max_;
  bool is_full_ GUARDED_BY(mutex_) = false;
  Mutex mutex_;
  os::Watcher watcher_ GUARDED_BY(mutex_);
  Epoch now_ GUARDED_BY(mutex_) = 1;
  Epoch forgot_at_ GUARDED_BY(mutex_) = 0;         // tokens from before are stale
  Epoch last_change_ GUARDED_BY(mutex_) = 0;       // of any node
  std::vector<Epoch> changed_ GUARDED_BY(mutex_);  // by node
  std::map<Name, Node> names_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, int> directories_ GUARDED_BY(mutex_);  // real path -> watch
  std::unordered_map<int, Node> files_ GUARDED_BY(mutex_);               // watch -> node
  std::unordered_map<Node, File> stamps_ GUARDED_BY(mutex_);             // of the nodes of files
  std::unordered_map<std::string, Walk> walks_ GUARDED_BY(mutex_);       // spelled path
  Listener* listener_ GUARDED_BY(mutex_) = nullptr;
  // By node, who follows it; kEverybody in place of many.
  std::unordered_map<Node, std::vector<std::uint64_t>> followers_ GUARDED_BY(mutex_);
  std::int64_t followed_compared_ns_ GUARDED_BY(mutex_) = 0;
};

}  // namespace deja::warm
