// SPDX-License-Identifier: Apache-2.0
// Tested by include_scan_test.cc.
#include "evidence/include_scan.h"

#include <set>

#include "base/path.h"
#include "os/file.h"
#include "tool/exec/includes.h"

namespace deja::evidence {
namespace {

constexpr std::uint64_t kTextMax = 64 << 20;

class Scan {
 public:
  explicit Scan(const IncludeDirectories& directories) : directories_(directories) {}

  ScannedIncludes run(const std::vector<std::string>& seeds) {
    for (const std::string& seed : seeds) {
      const auto there = os::stat_file(seed);
      if (!there || !*there || !(*there)->is_regular()) {
        out_.unreadable = seed;
        return std::move(out_);
      }
      add(seed, true);
    }
    while (!open_.empty() && out_.unreadable.empty()) {
      const std::string path = std::move(open_.back());
      open_.pop_back();
      read(path);
    }
    out_.files.assign(files_.begin(), files_.end());
    out_.absent.assign(absent_.begin(), absent_.end());
    return std::move(out_);
  }

 private:
  void add(const std::string& path, bool is_text) {
    if (!files_.insert(path).second || !is_text) return;
    // One file is read once, also if its path goes through "../" or a symlink.
    const auto directory = os::real_path(std::string(parent_path(path)));
    if (read_.insert(join_path(directory ? *directory : "", base_name(path))).second)
      open_.push_back(path);
  }

  void read(const std::string& path) {
    const auto text = os::read_file(path, kTextMax);
    if (!text) {
      out_.unreadable = path;
      return;
    }
    const auto found = tool::exec::find_includes(*text);
    if (!found.computed.empty()) out_.guess = "#" + found.computed + " in " + path;
    for (const tool::exec::Include& include : found.includes) look_for(include, path);
  }

  void look_for(const tool::exec::Include& include, const std::string& includer) {
    if (include.name.starts_with('/')) {
      look_at(tidy_path(include.name), include);
      return;
    }
    if (include.is_quoted &&
        look_at(tidy_path(join_path(parent_path(includer), include.name)), include))
      return;
    for (const auto* directories :
         {&directories_.quote, &directories_.angle, &directories_.system}) {
      if (directories == &directories_.quote && !include.is_quoted) continue;
      for (const std::string& directory : *directories)
        if (look_at(tidy_path(join_path(directory, include.name)), include)) return;
    }
  }

  // True: found, so the search ends.
  bool look_at(const std::string& path, const tool::exec::Include& include) {
    const auto there = os::stat_file(path);
    if (!there || !*there || (*there)->is_directory()) {
      absent_.insert(path);
      return false;
    }
    add(path, include.is_text);
    return !include.is_next;
  }

  const IncludeDirectories& directories_;
  ScannedIncludes out_;
  std::set<std::string> files_, absent_, read_;
  std::vector<std::string> open_;
};

}  // namespace

ScannedIncludes scan_includes_of(const std::vector<std::string>& seeds,
                                 const IncludeDirectories& directories) {
  return Scan(directories).run(seeds);
}

}  // namespace deja::evidence
