// SPDX-License-Identifier: Apache-2.0
// What the run did to files: one entry a canonical name. Finding the canonical name costs system
// calls, so a path whose last component no changed file has is answered without it.
#include "evidence/changes.h"

#include <utility>
#include <vector>

#include "base/path.h"

namespace deja::evidence {

using action::NotStored;
using action::Problem;

const Change* Changes::find(const std::string& path) {
  const std::string_view name = base_name(path);
  const bool has_name = !name.empty() && name != "." && name != "..";
  if (has_name && !last_components_.contains(name)) return nullptr;
  const auto it = changes_.find(canonical(path));
  return it == changes_.end() ? nullptr : &it->second;
}

Change& Changes::at(const std::string& path) {
  const std::string name = canonical(path);
  last_components_.emplace(base_name(name));
  Change& change = changes_[name];
  if (change.spelled.empty()) change.spelled = path;
  return change;
}

bool Changes::is_own(const std::string& path) {
  const Change* const change = find(path);
  return change != nullptr && change->written;
}

void Changes::opened(Change& change, const os::FileIdentity& identity) {
  change.written = true;
  change.file = number_of(identity);
  finished_.erase(change.file);
}

void Changes::closed(const os::FileIdentity& identity, std::uint32_t generation) {
  finished_[number_of(identity)] = {identity, generation};
}

// The times or the size that the file has from now on may be what the tool has set.
void Changes::set_attributes(const std::string& path) { finished_.erase(at(path).file); }

void Changes::removed(const std::string& path) {
  Change& change = at(path);
  directories_.removed(canonical(path), change.written);
  if (!change.written) change.existed = true;
  change.written = true;
  change.unlinked = true;
}

void Changes::note_new_name(const FileNumber& file) {
  if (const auto it = finished_.find(file); it != finished_.end()) it->second.was_renamed = true;
}

void Changes::renamed(const std::string& from, const std::string& to) {
  Change& old = at(from);
  old.unlinked = true;
  move_below(from, to);
  directories_.moved(canonical(from), canonical(to));
  Change& change = at(to);
  change.file = old.file;
  note_new_name(change.file);
  change.written = true;
  change.in_place = false;
  change.renamed = true;
}

// What the run made in a directory has another name once the directory has. The old name stays the
// run's own: nothing that was seen by that name counts.
void Changes::move_below(const std::string& from, const std::string& to) {
  const std::string directory = canonical(from);
  std::vector<std::pair<std::string, Change>> moved;
  for (auto it = changes_.upper_bound(directory); it != changes_.end(); ++it) {
    if (!it->first.starts_with(directory)) break;
    if (is_within(it->first, directory))
      moved.emplace_back(it->first.substr(directory.size()), it->second);
  }
  for (auto& [rest, change] : moved) {
    Change& now = at(to + rest);
    const std::string spelled = std::move(now.spelled);
    now = std::move(change);
    now.spelled = spelled;
  }
}

// Another name for what the run has made; one of the two must be gone at the end.
void Changes::linked(const std::string& path, const std::string& other) {
  const FileNumber file = at(path).file;
  Change& change = at(other);
  change.written = true;
  change.file = file;
  note_new_name(file);
}

void Changes::made_symlink(const std::string& path, const std::string& text) {
  at(path).written = true;
  directories_.made_link(canonical(path), text);
}

void Changes::made_directory(const std::string& path) {
  at(path).written = true;
  directories_.made_directory(canonical(path));
}

std::optional<Problem> Changes::add_renamed_directories() {
  std::vector<std::pair<std::string, std::string>> directories;
  for (const auto& [name, change] : changes_) {
    if (!change.renamed) continue;
    const auto now = os::stat_file(name, os::Links::keep);
    if (now && *now && (*now)->is_directory()) directories.emplace_back(name, change.spelled);
  }
  for (const auto& [name, spelled] : directories)
    if (auto problem = add_below(name, spelled)) return problem;
  return {};
}

std::optional<Problem> Changes::add_below(const std::string& directory,
                                          const std::string& spelled) {
  const auto names = os::list_directory(directory);
  if (!names) return Problem{NotStored::output_unreadable, spelled};
  for (const std::string& name : *names) {
    const std::string path = join_path(directory, name);
    const auto now = os::stat_file(path, os::Links::keep);
    if (!now || !*now) return Problem{NotStored::output_unreadable, path};
    const auto [it, is_new] = changes_.try_emplace(path);
    if (is_new) {
      last_components_.emplace(name);
      it->second.spelled = join_path(spelled, name);
      it->second.written = it->second.renamed = true;
      it->second.file = number_of(**now);
    }
    if (!(*now)->is_directory()) continue;
    if (auto problem = add_below(path, join_path(spelled, name))) return problem;
  }
  return {};
}

const Changes::Finished* Changes::finished(const Change& change) const {
  const auto it = finished_.find(change.file);
  return it == finished_.end() ? nullptr : &it->second;
}

std::uint32_t Changes::generation_of(const Change& change) const {
  const Finished* const f = finished(change);
  return f == nullptr ? 0 : f->generation;
}

bool Changes::is_of_others(const os::FileIdentity& now, const Change& change,
                           std::int64_t ended_ns) const {
  if (change.file.inode != 0 && change.file != number_of(now)) return true;
  if (now.newest_ns() > ended_ns) return true;
  const Finished* const f = finished(change);
  if (f == nullptr) return false;
  if (!f->was_renamed && now.ctime_ns != f->identity.ctime_ns) return true;
  return now.mtime_ns != f->identity.mtime_ns || now.size != f->identity.size;
}

}  // namespace deja::evidence
