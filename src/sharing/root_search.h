// SPDX-License-Identifier: Apache-2.0
// Searches outputs for the paths of roots. A result whose artifacts contain a root's path is bound
// to that root: in another place the tool would write another path.
#pragma once

#include <array>
#include <set>
#include <string>
#include <vector>

#include "action/roots.h"
#include "base/result.h"
#include "os/fd.h"

namespace deja::sharing {

class RootSearch {
 public:
  explicit RootSearch(const action::Roots& roots);
  // Reads fd from its start in bounded memory. A file that may hide text (compressed sections,
  // bytecode) counts as holding every root.
  Status search(const os::Fd& fd);
  // Searches a message. A path at the beginning of a location ("/ws/a.c:3:1: …", "In file included
  // from /ws/a.h:1:") does not count, because it is rewritten on a hit. Anywhere else the path
  // could be literal text, or the layout could depend on its length, and it counts as found.
  void search_messages(std::string_view text);
  // Also searches for any text; an empty one counts as found only in files that hide text. Returns its number, for
  // found_text.
  std::size_t add_text(const std::string& text);
  // The same for a name that is part of a path, in all forms in which paths are quoted.
  std::size_t add_name(const std::string& name);
  // Also searches for a part of the root's path, which by itself is weaker evidence.
  void add_rest(action::Root root, const std::string& rest);

  // Also searches files for the last name of the root's path with a slash behind it: "target/".
  void add_end(action::Root root, const std::string& path);

  bool found(action::Root root) const { return found_[static_cast<std::size_t>(root) - 1]; }
  bool found_text(std::size_t number) const { return texts_[number].found; }
  bool found_rest(action::Root root) const {
    return found_rest_[static_cast<std::size_t>(root) - 1];
  }
  bool found_end(action::Root root) const { return found_end_[static_cast<std::size_t>(root) - 1]; }

 private:
  struct Needle {
    enum class Part { whole, rest, end };
    action::Root root;
    std::string bytes;
    Part part = Part::whole;
  };
  struct Text {
    std::set<std::string> forms;
    bool found = false;
    bool is_in(std::string_view bytes) const;
  };
  void search(std::string_view bytes);
  void find_all();
  bool& found_by(const Needle& needle);
  std::vector<Needle> needles_;
  std::vector<Text> texts_;
  std::size_t longest_ = 0;
  std::array<bool, action::kRoots.size()> found_ = {}, found_rest_ = {}, found_end_ = {};
};

}  // namespace deja::sharing
