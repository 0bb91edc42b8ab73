// SPDX-License-Identifier: Apache-2.0
// Files that the kernel makes up (/dev, /proc and /sys), classified by a table.
#pragma once

#include <string_view>

namespace deja::evidence {

enum class Special {
  ordinary,    // an input or output like any other
  harmless,    // cannot change the outputs, or is the tool's own (terminal, /proc/self)
  machine,     // the same as long as the machine is the same, apart from noise
  unprovable,  // its content cannot be checked again
};
Special classify_special(std::string_view path);

}  // namespace deja::evidence
