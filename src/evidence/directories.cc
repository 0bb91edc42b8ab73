// SPDX-License-Identifier: Apache-2.0
// A path is resolved step by step, as the kernel does it, with two sources for each step: what the
// run made of it so far, and else what the disk holds now.
#include "evidence/directories.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/path.h"
#include "os/file.h"

namespace deja::evidence {

using action::NotStored;
using action::Problem;
namespace {

constexpr int kSymlinksMax = 40;  // as the kernel's own limit, path_resolution(7)

bool is_dots(std::string_view name) { return name == "." || name == ".."; }

}  // namespace

// A step that is missing now was a directory, if it was anything: the run's own symlinks are known.
const std::optional<std::string>& Directories::link_at(const std::string& step) {
  if (const auto own = own_.find(step); own != own_.end()) return own->second;
  const auto [it, is_new] = steps_.try_emplace(step);
  if (is_new) {
    if (auto text = os::read_symlink(step)) it->second = *std::move(text);
  }
  return it->second;
}

std::string Directories::resolve(const std::string& directory) {
  if (!directory.starts_with('/')) return clean_path(directory);
  std::string at = "/";
  std::string rest = directory;
  for (int symlinks = 0; !rest.empty();) {
    const std::string part = take_component(rest);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      at = std::string(parent_path(at));
      continue;
    }
    const std::string step = join_path(at, part);
    const std::optional<std::string>& text = link_at(step);
    if (!text || symlinks++ == kSymlinksMax) {
      at = step;
      continue;
    }
    if (text->starts_with('/')) at = "/";
    rest.insert(0, *text + "/");
  }
  return at;
}

std::string Directories::canonical(const std::string& path) {
  const std::string_view name = base_name(path);
  // "a/.." and "/" have no last component of their own: they are other names of a directory.
  const bool is_directory = is_dots(name) || path == "/";
  const std::string directory(is_directory ? std::string_view(path) : parent_path(path));
  auto it = resolved_.find(directory);
  if (it == resolved_.end()) it = resolved_.emplace(directory, resolve(directory)).first;
  return is_directory ? it->second : join_path(it->second, name);
}

bool Directories::is_own_link(const std::string& path) {
  if (is_dots(base_name(path))) return false;
  const auto own = own_.find(canonical(path));
  return own != own_.end() && own->second;
}

std::string Directories::without_own_links(const std::string& path, bool to_end) {
  std::string out = path;
  if (own_links_ == 0 || !path.starts_with('/')) return out;
  int symlinks = 0;
  for (std::size_t from = 1; from < out.size();) {
    const std::size_t end = std::min(out.find('/', from), out.size());
    const std::string step = out.substr(0, end);
    from = end + 1;
    if ((end == out.size() && !to_end) || !is_own_link(step)) continue;
    if (symlinks++ == kSymlinksMax) return path;
    const std::string text = *own_.find(canonical(step))->second;
    out = join_path(parent_path(step), text) + out.substr(end);
    from = 1;
  }
  return out;
}

// Every earlier name that led through it was resolved by what is on the disk now.
void Directories::replaces(const std::string& name) {
  resolved_.clear();
  if (steps_.contains(name) && !problem_) problem_ = Problem{NotStored::link_replaced, name};
}

void Directories::made_link(const std::string& name, const std::string& text) {
  replaces(name);
  own_[name] = text;
  ++own_links_;
}

void Directories::removed(const std::string& name, bool was_its_own) {
  if (!was_its_own) return replaces(name);
  const auto own = own_.find(name);
  if (own == own_.end() || !own->second) return;
  resolved_.clear();
  own->second.reset();
}

// rename(2) puts a directory only where nothing or an empty directory was, so no name led through
// that.
void Directories::moved(const std::string& from, const std::string& to) {
  const auto moving = own_.find(from);
  const bool is_directory = moving != own_.end() && !moving->second;
  if (!is_directory) replaces(to);
  resolved_.clear();
  if (const auto replaced = own_.find(to); replaced != own_.end()) replaced->second.reset();
  std::vector<std::pair<std::string, std::optional<std::string>>> taken;
  for (auto it = own_.lower_bound(from); it != own_.end() && it->first.starts_with(from); ++it) {
    if (is_within(it->first, from))
      taken.emplace_back(it->first.substr(from.size()), std::exchange(it->second, std::nullopt));
  }
  for (auto& [rest, text] : taken) own_[to + rest] = std::move(text);
}

}  // namespace deja::evidence
