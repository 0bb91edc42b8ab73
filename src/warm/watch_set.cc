// SPDX-License-Identifier: Apache-2.0
// A path is walked component by component, as the kernel does it, and each step adds a node: a name in a
// watched directory, or at the end an inode. A notice stamps its node with the present epoch; a token is
// fresh while none of its nodes has a stamp that is newer than the token. When notices are lost, or too
// much is watched, everything is forgotten and all tokens are stale.
//
// Tested by watch_set_test.cc.
#include "warm/watch_set.h"

#include <algorithm>
#include <memory>

#include "base/path.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/writers.h"

namespace deja::warm {
namespace {
constexpr int kSymlinksMax = 40;  // the kernel's own limit, path_resolution(7)
// Names and walked paths that are kept; about 200 bytes each.
constexpr std::size_t kNamesMax = 200'000;
constexpr std::size_t kWalksMax = 100'000;
// A node that more follow (a system header) counts for all of them.
constexpr std::size_t kFollowersMax = 16;
constexpr std::uint64_t kEverybody = 0;
// How many files to compare under one lock, about 100 µs.
constexpr std::size_t kComparedAtOnce = 64;
}  // namespace

// A path that is being walked: `directory` is real (no symlink in it), `rest` is still to be walked.
struct WatchSet::Progress {
  std::string directory = "/";
  std::string rest;
  std::vector<Node> nodes;
  int symlinks = 0;
  bool done = false;
};

std::unique_ptr<WatchSet> WatchSet::open() {
  auto watcher = os::Watcher::open();
  if (!watcher) return nullptr;
  return std::unique_ptr<WatchSet>(new WatchSet(*std::move(watcher)));
}

// Half of the user's limit, because editors and build tools need watches, too, and at most 32,768: each
// keeps an inode in the kernel's memory, about 1 KiB.
WatchSet::WatchSet(os::Watcher watcher)
    : watches_max_(std::min<std::uint64_t>(os::watch_limit() / 2, 32768)),
      watcher_(std::move(watcher)) {}

// The listener is told first: from the moment a watch is removed a change gives no notice.
void WatchSet::forget_everything() {
  if (listener_ != nullptr) {
    listener_->begin();
    listener_->everything_changed();
  }
  for (const auto& [path, watch] : directories_) watcher_.remove(watch);
  for (const auto& [watch, node] : files_) watcher_.remove(watch);
  names_.clear();
  directories_.clear();
  files_.clear();
  stamps_.clear();
  walks_.clear();
  changed_.clear();
  followers_.clear();
  is_full_ = false;
  forgot_at_ = ++now_;
  if (listener_ != nullptr) listener_->end();
}

void WatchSet::mark_changed(Node node) {
  last_change_ = changed_[node] = now_;
  if (listener_ != nullptr) tell(node);
}

void WatchSet::tell(Node node) {
  const auto it = followers_.find(node);
  if (it == followers_.end()) return;
  const std::vector<std::uint64_t> ids = std::move(it->second);
  followers_.erase(it);
  listener_->begin();
  for (const std::uint64_t id : ids) {
    if (id == kEverybody) {
      listener_->everything_changed();
    } else {
      listener_->changed(id);
    }
  }
  listener_->end();
}

// A directory must be empty to be removed: only its names have changed.
void WatchSet::directory_is_gone(int watch) {
  for (auto it = names_.lower_bound(Name{watch, ""});
       it != names_.end() && it->first.directory == watch;) {
    mark_changed(it->second);
    it = names_.erase(it);
  }
  std::erase_if(directories_, [watch](const auto& f) { return f.second == watch; });
}

// True: everything must be forgotten.
bool WatchSet::apply(const os::Watcher::Notice& notice) {
  using What = os::Watcher::What;
  if (const auto file = files_.find(notice.watch); file != files_.end()) {
    mark_changed(file->second);
    if (notice.what == What::gone) {
      stamps_.erase(file->second);
      files_.erase(file);
    }
  } else if (!notice.name.empty()) {
    const auto name = names_.find(Name{notice.watch, std::string(notice.name)});
    if (name != names_.end()) mark_changed(name->second);
  } else if (notice.what == What::gone) {
    directory_is_gone(notice.watch);
  } else {
    // A watched directory was moved, or its mode changed: all real paths below it may be others now.
    return notice.what == What::everything ||
           std::any_of(directories_.begin(), directories_.end(),
                       [&](const auto& f) { return f.second == notice.watch; });
  }
  return notice.what == What::everything;
}

void WatchSet::catch_up() {
  ++now_;
  const bool others_saw_mounts = listener_ != nullptr && listener_->mounts_changed();
  if (!others_saw_mounts && !watcher_.has_notices()) return;
  bool forget = others_saw_mounts;
  if (listener_ != nullptr) listener_->begin();
  watcher_.drain([&](const os::Watcher::Notice& notice) DEJA_ATTRIBUTE(no_thread_safety_analysis) {
    forget = apply(notice) || forget;
  });
  if (forget) forget_everything();
  if (listener_ == nullptr) return;
  // What another process sees from here on, it sees itself.
  if (others_saw_mounts) listener_->mounts_applied();
  listener_->end();
}

WatchSet::Node WatchSet::new_node() {
  changed_.push_back(0);
  return static_cast<Node>(changed_.size() - 1);
}

int WatchSet::directory_watch(const std::string& real_directory) {
  const auto it = directories_.find(real_directory);
  if (it != directories_.end()) return it->second;
  is_full_ =
      is_full_ || directories_.size() + files_.size() >= watches_max_ || names_.size() >= kNamesMax;
  if (is_full_ || !os::is_watchable_filesystem(real_directory)) return -1;
  const int watch = watcher_.add_directory(real_directory);
  if (watch >= 0) directories_.emplace(real_directory, watch);
  return watch;
}

WatchSet::Node WatchSet::name_node(int directory, std::string_view name) {
  const auto [it, fresh] = names_.try_emplace(Name{directory, std::string(name)}, 0);
  if (fresh) it->second = new_node();
  return it->second;
}

// In this order: watch, take the stamps, look for writers. A writer that comes later changes the stamps with its
// first write, or the watch tells; one that came before is found.
std::optional<WatchSet::Node> WatchSet::file_node(const std::string& real_path) {
  is_full_ = is_full_ || directories_.size() + files_.size() >= watches_max_;
  const int watch = is_full_ ? -1 : watcher_.add_file(real_path);
  if (watch < 0) return std::nullopt;
  const auto [it, fresh] = files_.try_emplace(watch, 0);
  if (fresh) it->second = new_node();
  const auto identity = os::stat_file(real_path, os::Links::keep);
  if (!identity || !*identity) return std::nullopt;
  File& file = stamps_[it->second];
  // Tokens from before were given for the stamps that are replaced here. The one that is being made is as new as now_.
  if (!fresh && !(file.identity == **identity)) mark_changed(it->second);
  file = {real_path, **identity, os::monotonic_ns()};
  if (!(*identity)->is_regular()) return it->second;
  // A file that we may not read has no content in a trace.
  const auto opened = os::open_read(real_path);
  if (opened && os::has_writer(*opened)) return std::nullopt;
  return it->second;
}

bool WatchSet::has_changed_stamps(File& file, std::int64_t now_ns) {
  const auto identity = os::stat_file(file.path, os::Links::keep);
  file.compared_ns = now_ns;
  return !identity || !*identity || !(**identity == file.identity);
}

// Called at each hit, so it looks at the files only when the token's own time says so.
void WatchSet::compare_stamps(const Token& token, std::int64_t not_before_ns) {
  if (token.stamps_compared.get() > not_before_ns) return;
  const std::int64_t now_ns = os::monotonic_ns();
  std::int64_t oldest_ns = now_ns;
  std::uint32_t begin = 0;
  for (const std::uint32_t end : token.ends) {
    const auto it = end == begin ? stamps_.end() : stamps_.find(token.nodes[end - 1]);
    begin = end;
    if (it == stamps_.end()) continue;
    if (it->second.compared_ns > not_before_ns) {
      oldest_ns = std::min(oldest_ns, it->second.compared_ns);
      continue;
    }
    if (!has_changed_stamps(it->second, now_ns)) continue;
    ++now_;
    mark_changed(it->first);
  }
  token.stamps_compared.set(oldest_ns);
}

// Takes one component of the rest. False: cannot be watched.
bool WatchSet::step(Progress& p) {
  const std::size_t slash = p.rest.find('/');
  const std::string part = p.rest.substr(0, slash);
  p.rest.erase(0, slash == std::string::npos ? p.rest.size() : slash + 1);
  if (part.empty() || part == ".") {
    p.done = p.rest.empty();
    return true;
  }
  if (part == "..") {
    p.directory = std::string(parent_path(p.directory));
    p.done = p.rest.empty();
    return true;
  }
  const int watch = directory_watch(p.directory);
  if (watch < 0) return false;
  p.nodes.push_back(name_node(watch, part));
  const std::string path = join_path(p.directory, part);
  const auto identity = os::stat_file(path, os::Links::keep);
  if (!identity) return false;
  if (!*identity) {  // nothing there: the name is watched, and there is nothing to walk to
    p.done = true;
    return true;
  }
  if ((*identity)->is_symlink()) {
    const auto text = os::read_symlink(path);
    if (!text || !*text || ++p.symlinks > kSymlinksMax) return false;
    p.rest = p.rest.empty() ? **text : **text + "/" + p.rest;
    if (p.rest.starts_with('/')) p.directory = "/";
    return true;
  }
  if ((*identity)->is_directory()) {
    p.directory = path;
    p.done = p.rest.empty();
    return true;
  }
  const auto file = file_node(path);
  if (!file) return false;
  p.nodes.push_back(*file);
  p.done = true;
  return true;
}

const WatchSet::Walk* WatchSet::walk(const std::string& path) {
  const auto it = walks_.find(path);
  if (it != walks_.end()) {
    const std::vector<Node>& nodes = it->second.nodes;
    if (is_fresh(nodes.data(), nodes.data() + nodes.size(), it->second.made)) return &it->second;
  }
  Progress p;
  p.rest = path;
  while (!p.done) {
    if (!step(p)) return nullptr;
  }
  if (walks_.size() >= kWalksMax) walks_.clear();
  Walk& walk = walks_[path];
  walk.nodes = std::move(p.nodes);
  walk.made = now_;
  return &walk;
}

bool WatchSet::is_fresh(const Node* begin, const Node* end, Epoch since) {
  if (since < forgot_at_) return false;
  if (last_change_ <= since) return true;
  for (const Node* n = begin; n != end; ++n) {
    if (changed_[*n] > since) return false;
  }
  return true;
}

std::optional<WatchSet::Token> WatchSet::watch(const std::vector<std::string>& paths) {
  const MutexLock lock(mutex_);
  catch_up();
  // Too much is watched: start again with what is asked for from now on.
  if (is_full_) forget_everything();
  return watch_all(paths);
}

std::optional<WatchSet::Token> WatchSet::watch_if_there_is_room(
    const std::vector<std::string>& paths) {
  const MutexLock lock(mutex_);
  catch_up();
  if (is_full_) return std::nullopt;
  return watch_all(paths);
}

std::optional<WatchSet::Token> WatchSet::watch_all(const std::vector<std::string>& paths) {
  Token out;
  out.since = now_;
  for (const std::string& path : paths) {
    const Walk* steps = path.starts_with('/') ? walk(path) : nullptr;
    if (steps == nullptr) return std::nullopt;
    out.nodes.insert(out.nodes.end(), steps->nodes.begin(), steps->nodes.end());
    out.ends.push_back(static_cast<std::uint32_t>(out.nodes.size()));
  }
  out.nodes.shrink_to_fit();
  out.ends.shrink_to_fit();
  return out;
}

std::vector<std::uint32_t> WatchSet::find_changed(const Token& token) {
  std::vector<std::uint32_t> out;
  if (token.since >= forgot_at_ && last_change_ <= token.since) return out;
  const Node* begin = token.nodes.data();
  for (std::uint32_t i = 0; i < token.ends.size(); ++i) {
    const Node* end = token.nodes.data() + token.ends[i];
    if (!is_fresh(begin, end, token.since)) out.push_back(i);
    begin = end;
  }
  return out;
}

std::vector<std::uint32_t> WatchSet::changed(const Token& token) {
  const MutexLock lock(mutex_);
  catch_up();
  compare_stamps(token, os::monotonic_ns() - kStampsNs);
  return find_changed(token);
}

void WatchSet::set_listener(Listener* listener) {
  const MutexLock lock(mutex_);
  listener_ = listener;
  followers_.clear();
}

void WatchSet::take_notices() {
  const MutexLock lock(mutex_);
  catch_up();
}

int WatchSet::notices() {
  const MutexLock lock(mutex_);
  return watcher_.notices();
}

int WatchSet::mounts_for_others() {
  const MutexLock lock(mutex_);
  return watcher_.mounts_for_others();
}

void WatchSet::add_follower(Node node, std::uint64_t id) {
  std::vector<std::uint64_t>& ids = followers_[node];
  if (!ids.empty() && (ids.front() == kEverybody || ids.back() == id)) return;
  if (ids.size() >= kFollowersMax) {
    Listener& listener = *listener_;
    std::erase_if(ids, [&](std::uint64_t other) { return !listener.follows(other); });
  }
  if (ids.size() >= kFollowersMax) {
    ids = {kEverybody};
  } else {
    ids.push_back(id);
  }
}

bool WatchSet::follow(const std::vector<const Token*>& tokens, std::uint64_t id,
                      const std::function<bool()>& put) {
  const MutexLock lock(mutex_);
  catch_up();
  for (const Token* token : tokens) {
    compare_stamps(*token, followed_compared_ns_);
    if (!find_changed(*token).empty()) return false;
  }
  if (!put()) return false;
  for (const Token* token : tokens)
    for (const Node node : token->nodes) add_follower(node, id);
  return true;
}

// The lock is given up again and again, so that requests need not wait for thousands of files. What comes to be
// followed meanwhile is compared by follow().
std::int64_t WatchSet::compare_followed() {
  const std::int64_t began_ns = os::monotonic_ns();
  std::vector<Node> nodes;
  {
    const MutexLock lock(mutex_);
    followed_compared_ns_ = began_ns;
    for (const auto& [node, ids] : followers_)
      if (stamps_.contains(node)) nodes.push_back(node);
  }
  for (std::size_t begin = 0; begin < nodes.size(); begin += kComparedAtOnce) {
    const MutexLock lock(mutex_);
    const std::size_t end = std::min(nodes.size(), begin + kComparedAtOnce);
    for (std::size_t i = begin; i < end; ++i) {
      const auto it = stamps_.find(nodes[i]);
      if (it == stamps_.end() || !has_changed_stamps(it->second, os::monotonic_ns())) continue;
      ++now_;
      mark_changed(nodes[i]);
    }
  }
  return began_ns;
}

std::optional<WatchSet::Token> WatchSet::refresh(const Token& token,
                                                 const std::vector<std::uint32_t>& which,
                                                 const std::vector<std::string>& paths) {
  const MutexLock lock(mutex_);
  catch_up();
  if (find_changed(token) != which) return std::nullopt;
  Token out;
  out.since = now_;
  std::size_t next = 0;
  std::uint32_t begin = 0;
  for (std::uint32_t i = 0; i < token.ends.size(); ++i) {
    if (next < which.size() && which[next] == i) {
      const Walk* steps = walk(paths[next++]);
      if (steps == nullptr) return std::nullopt;
      out.nodes.insert(out.nodes.end(), steps->nodes.begin(), steps->nodes.end());
    } else {
      out.nodes.insert(out.nodes.end(), token.nodes.begin() + begin,
                       token.nodes.begin() + token.ends[i]);
    }
    out.ends.push_back(static_cast<std::uint32_t>(out.nodes.size()));
    begin = token.ends[i];
  }
  return out;
}

}  // namespace deja::warm
