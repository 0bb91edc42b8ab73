// SPDX-License-Identifier: Apache-2.0
// Tested by glob_test.cc.
#include "evidence/glob.h"

#include <fnmatch.h>

#include <algorithm>
#include <string_view>

#include "base/path.h"
#include "os/file.h"

namespace deja::evidence {
namespace {

std::vector<std::string> components(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (!part.empty()) out.emplace_back(part);
  }
  return out;
}

bool is_pattern(std::string_view part) {
  return part.find_first_of("*?[\\") != std::string_view::npos;
}

class Expansion {
 public:
  explicit Expansion(std::vector<std::string> parts) : parts_(std::move(parts)) {}

  // Adds the files below `directory` that match the parts from `at` on.
  Status expand(const std::string& directory, std::size_t at) {
    if (at == parts_.size()) return {};
    const std::string& part = parts_[at];
    if (part == "**") return expand_any(directory, at);
    if (!is_pattern(part)) return found(join_path(directory, part), at);
    for (const std::string& name : TRY(list(directory))) {
      if (::fnmatch(part.c_str(), name.c_str(), FNM_PERIOD) == 0)
        TRY(found(join_path(directory, name), at));
    }
    return {};
  }
  std::vector<std::string> take() {
    std::sort(paths_.begin(), paths_.end());
    paths_.erase(std::unique(paths_.begin(), paths_.end()), paths_.end());
    return std::move(paths_);
  }

 private:
  static Result<std::vector<std::string>> list(const std::string& directory) {
    const auto there = TRY(os::stat_file(directory));
    if (!there || !there->is_directory()) return std::vector<std::string>();
    return os::list_directory(directory);
  }

  Status found(const std::string& path, std::size_t at) {
    if (at + 1 < parts_.size()) return expand(path, at + 1);
    const auto there = TRY(os::stat_file(path));
    if (there && there->is_regular()) paths_.push_back(path);
    return {};
  }

  Status expand_any(const std::string& directory, std::size_t at) {
    const bool is_last = at + 1 == parts_.size();
    if (!is_last) TRY(expand(directory, at + 1));
    for (const std::string& name : TRY(list(directory))) {
      if (name.starts_with('.')) continue;
      const std::string path = join_path(directory, name);
      const auto there = TRY(os::stat_file(path, os::Links::keep));
      if (there && there->is_directory()) {
        TRY(expand_any(path, at));
      } else if (is_last) {
        TRY(found(path, at));
      }
    }
    return {};
  }

  std::vector<std::string> parts_;
  std::vector<std::string> paths_;
};

}  // namespace

Result<std::vector<std::string>> expand_glob(const std::string& pattern) {
  Expansion expansion(components(pattern));
  TRY(expansion.expand("/", 0));
  return expansion.take();
}

}  // namespace deja::evidence
