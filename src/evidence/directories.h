// Where the names of directories lead while a run goes on, told after its end.
//
// What the run itself has made and removed again is not there any more, so the disk alone cannot say
// it: a temporary directory that was made by the name of a symlink to its parent, a symlink of the
// run's own. The events of the log are told here in their order, and each name is resolved as it was
// at that moment. A step that the run did not make leads where it leads now; when the run replaces such
// a step that it has gone through before, nobody can tell where that led (`problem`).
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

namespace deja::evidence {

class Directories {
 public:
  // The one name of a file, whatever way led to its directory. The last component is not resolved: it
  // is the name that is written, removed and renamed.
  std::string canonical(const std::string& path);
  // The path without the symlinks on its way that the run has made itself; with `to_end`, the last
  // component is none either. Other symlinks stay: where they lead is not the run's affair.
  std::string without_own_links(const std::string& path, bool to_end);

  // What the run has done, by canonical names.
  void made_directory(const std::string& name) { own_[name].reset(); }
  void made_link(const std::string& name, const std::string& text);
  void removed(const std::string& name, bool was_its_own);
  void moved(const std::string& from, const std::string& to);

  // Why names from before cannot be told; empty: they can.
  const std::string& problem() const { return problem_; }

 private:
  std::string resolve(const std::string& directory);
  const std::optional<std::string>& link_at(const std::string& step);
  bool is_own_link(const std::string& path);
  void replaces(const std::string& name);

  std::unordered_map<std::string, std::string> resolved_;  // as long as no step has changed
  // Steps that were gone through, and what they are on the disk: a symlink's text; none: no symlink.
  std::unordered_map<std::string, std::optional<std::string>> steps_;
  // Directories and symlinks that the run has made, by canonical name: a symlink's text.
  std::map<std::string, std::optional<std::string>> own_;
  std::size_t own_links_ = 0;  // ever made
  std::string problem_;
};

}  // namespace deja::evidence
