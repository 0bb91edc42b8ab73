// SPDX-License-Identifier: Apache-2.0
// Why there is no file at a path. Programs treat the reasons differently: gcc ignores a search directory
// that does not exist, and reports one whose path leads below a file.
#pragma once

#include <string>

namespace deja::os {

enum class Absence : char {
  none = 0,  // something is there, or it cannot be told
  no_name = 'n',
  below_a_file = 'f',  // ENOTDIR
  in_a_circle = 'c',   // ELOOP
  too_long = 'l',      // ENAMETOOLONG
};
Absence absence_of(const std::string& path);

}  // namespace deja::os
