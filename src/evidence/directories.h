// SPDX-License-Identifier: Apache-2.0
// Where the names of directories led during a run, found out after its end.
//
// What the run itself made and removed again is gone, so the disk alone does not show it: a
// temporary directory that was made by the name of a symlink to its parent, a symlink of the run's
// own. The functions are called in the order of the log, and each name is resolved as it was at
// that moment. A step that the run did not make leads where it leads now. If the run replaces such
// a step after it went through it, it is not known where that led (`problem`).
//
// Tested by directories_test.cc.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "action/not_stored.h"

namespace deja::evidence {

class Directories {
 public:
  // The one name of a file, by whatever symlinks its directory was reached. The last component is
  // not resolved: it is the name that is written, removed and renamed.
  std::string canonical(const std::string& path);
  // The path in which the symlinks that the run itself made are replaced by what they led to; with
  // `to_end`, also the last component. Other symlinks stay.
  std::string without_own_links(const std::string& path, bool to_end);

  // What the run did, by canonical names.
  void made_directory(const std::string& name) { own_[name].reset(); }
  void made_link(const std::string& name, const std::string& text);
  void removed(const std::string& name, bool was_its_own);
  void moved(const std::string& from, const std::string& to);

  // Why earlier names may have been resolved wrongly; empty: they were not.
  const std::optional<action::Problem>& problem() const { return problem_; }

 private:
  std::string resolve(const std::string& directory);
  const std::optional<std::string>& link_at(const std::string& step);
  bool is_own_link(const std::string& path);
  void replaces(const std::string& name);

  std::unordered_map<std::string, std::string> resolved_;  // cleared when a step changes
  // Steps that the run went through, and what is on the disk: a symlink's text; none: no symlink.
  std::unordered_map<std::string, std::optional<std::string>> steps_;
  // Directories and symlinks that the run has made, by canonical name: a symlink's text.
  std::map<std::string, std::optional<std::string>> own_;
  std::size_t own_links_ = 0;  // ever made
  std::optional<action::Problem> problem_;
};

}  // namespace deja::evidence
