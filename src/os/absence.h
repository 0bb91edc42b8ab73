// SPDX-License-Identifier: Apache-2.0
// Why nothing is there: programs tell a name that is missing from one that cannot be (gcc of its search
// directories).
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
