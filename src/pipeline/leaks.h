// Searches outputs for the names of roots. A result whose artifacts hold the bytes of a root is
// bound to that root: served elsewhere it would not be what the tool writes there.
#pragma once

#include <string>
#include <vector>

#include "action/roots.h"
#include "base/result.h"
#include "os/fd.h"

namespace deja::pipeline {

class LeakSearch {
 public:
  explicit LeakSearch(const action::Roots& roots);
  // Reads fd from its start in bounded memory.
  Status search(const os::Fd& fd);
  bool found(action::Root root) const { return found_[static_cast<std::size_t>(root) - 1]; }

 private:
  struct Needle {
    action::Root root;
    std::string bytes;
  };
  void search(std::string_view bytes);
  std::vector<Needle> needles_;
  std::size_t longest_ = 0;
  bool found_[2] = {false, false};
};

}  // namespace deja::pipeline
