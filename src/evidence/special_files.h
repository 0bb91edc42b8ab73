// Files that are no files: /dev, /proc and /sys, classified by a table.
#pragma once

#include <string_view>

namespace deja::evidence {

enum class Special {
  ordinary,  // an input or output like any other
  harmless,  // cannot change what a tool leaves behind, or is the tool's own (terminal, /proc/self)
  machine,   // what does not change while the machine is the same, but for noise
  unprovable,  // what it says cannot be checked again
};
Special classify_special(std::string_view path);

}  // namespace deja::evidence
