#include "pipeline/vigil.h"

#include <algorithm>
#include <memory>

#include "base/path.h"
#include "os/file.h"

namespace deja::pipeline {
namespace {
constexpr int kSymlinksMax = 40;  // as the kernel's own limit, path_resolution(7)
}

// A path that is being walked: `folder` is real (no symlink in it), `rest` is still to be taken.
struct Vigil::Progress {
  std::string folder = "/";
  std::string rest;
  std::vector<Node> nodes;
  int symlinks = 0;
  bool done = false;
};

std::unique_ptr<Vigil> Vigil::open() {
  auto watcher = os::Watcher::open();
  if (!watcher) return nullptr;
  return std::unique_ptr<Vigil>(new Vigil(*std::move(watcher)));
}

// Half of what the user may have: editors and build tools want watches too.
Vigil::Vigil(os::Watcher watcher) : watches_max_(os::watch_limit() / 2), watcher_(std::move(watcher)) {}

void Vigil::forget_everything() {
  for (const auto& [path, watch] : folders_) watcher_.remove(watch);
  for (const auto& [watch, node] : files_) watcher_.remove(watch);
  names_.clear();
  folders_.clear();
  files_.clear();
  walks_.clear();
  changed_.clear();
  forgot_at_ = ++now_;
}

void Vigil::catch_up() {
  bool forget = false;
  ++now_;
  watcher_.drain([&](const os::Watcher::Notice& notice) DEJA_ATTRIBUTE(no_thread_safety_analysis) {
    if (notice.watch < 0) forget = true;
    const auto changed = [&](Node node) { last_change_ = changed_[node] = now_; };
    if (const auto file = files_.find(notice.watch); file != files_.end()) {
      changed(file->second);
      if (notice.is_end) files_.erase(file);
      return;
    }
    if (!notice.name.empty()) {
      const auto name = names_.find(Name{notice.watch, std::string(notice.name)});
      if (name != names_.end()) changed(name->second);
      return;
    }
    // A watched folder itself was moved, removed or closed to us.
    const bool known = std::any_of(folders_.begin(), folders_.end(), [&](const auto& f) { return f.second == notice.watch; });
    forget = forget || known;
  });
  if (forget) forget_everything();
}

Vigil::Node Vigil::new_node() {
  changed_.push_back(0);
  return static_cast<Node>(changed_.size() - 1);
}

int Vigil::folder_watch(const std::string& real_folder) {
  const auto it = folders_.find(real_folder);
  if (it != folders_.end()) return it->second;
  if (folders_.size() + files_.size() >= watches_max_ || !os::is_watchable_filesystem(real_folder)) return -1;
  const int watch = watcher_.add_folder(real_folder);
  if (watch >= 0) folders_.emplace(real_folder, watch);
  return watch;
}

Vigil::Node Vigil::name_node(int folder, std::string_view name) {
  const auto [it, fresh] = names_.try_emplace(Name{folder, std::string(name)}, 0);
  if (fresh) it->second = new_node();
  return it->second;
}

Vigil::Node Vigil::file_node(const std::string& real_path, int* watch) {
  *watch = folders_.size() + files_.size() >= watches_max_ ? -1 : watcher_.add_file(real_path);
  if (*watch < 0) return 0;
  const auto [it, fresh] = files_.try_emplace(*watch, 0);
  if (fresh) it->second = new_node();
  return it->second;
}

// Takes one component of the rest. False: cannot be watched.
bool Vigil::step(Progress& p) {
  const std::size_t slash = p.rest.find('/');
  const std::string part = p.rest.substr(0, slash);
  p.rest.erase(0, slash == std::string::npos ? p.rest.size() : slash + 1);
  if (part.empty() || part == ".") {
    p.done = p.rest.empty();
    return true;
  }
  if (part == "..") {
    p.folder = std::string(parent_path(p.folder));
    p.done = p.rest.empty();
    return true;
  }
  const int watch = folder_watch(p.folder);
  if (watch < 0) return false;
  p.nodes.push_back(name_node(watch, part));
  const std::string path = join_path(p.folder, part);
  const auto identity = os::stat_file(path, os::Links::keep);
  if (!identity) return false;
  if (!*identity) {  // nothing there: the name is watched, that is the end of the way
    p.done = true;
    return true;
  }
  if ((*identity)->is_symlink()) {
    const auto text = os::read_symlink(path);
    if (!text || !*text || ++p.symlinks > kSymlinksMax) return false;
    p.rest = p.rest.empty() ? **text : **text + "/" + p.rest;
    if (p.rest.starts_with('/')) p.folder = "/";
    return true;
  }
  if ((*identity)->is_directory()) {
    p.folder = path;
    p.done = p.rest.empty();
    return true;
  }
  int file = -1;
  p.nodes.push_back(file_node(path, &file));
  p.done = true;
  return file >= 0;
}

const Vigil::Walk* Vigil::walk(const std::string& path) {
  const auto it = walks_.find(path);
  if (it != walks_.end() && is_fresh(it->second.nodes, it->second.made)) return &it->second;
  Progress p;
  p.rest = path;
  while (!p.done) {
    if (!step(p)) return nullptr;
  }
  Walk& walk = walks_[path];
  walk.nodes = std::move(p.nodes);
  walk.made = now_;
  return &walk;
}

bool Vigil::is_fresh(const std::vector<Node>& nodes, Moment since) {
  if (since < forgot_at_) return false;
  if (last_change_ <= since) return true;
  return std::all_of(nodes.begin(), nodes.end(), [&](Node n) DEJA_ATTRIBUTE(no_thread_safety_analysis) { return changed_[n] <= since; });
}

std::optional<Vigil::Stand> Vigil::stand(const std::vector<std::string>& paths) {
  const MutexLock lock(mutex_);
  catch_up();
  Stand out;
  out.since = now_;
  for (const std::string& path : paths) {
    const Walk* steps = path.starts_with('/') ? walk(path) : nullptr;
    if (steps == nullptr) return std::nullopt;
    out.nodes.insert(out.nodes.end(), steps->nodes.begin(), steps->nodes.end());
  }
  std::sort(out.nodes.begin(), out.nodes.end());
  out.nodes.erase(std::unique(out.nodes.begin(), out.nodes.end()), out.nodes.end());
  out.nodes.shrink_to_fit();
  return out;
}

bool Vigil::is_undisturbed(const Stand& stand) {
  const MutexLock lock(mutex_);
  catch_up();
  return is_fresh(stand.nodes, stand.since);
}

}  // namespace deja::pipeline
