// SPDX-License-Identifier: Apache-2.0
#include "os/absence.h"

#include <sys/stat.h>

#include <cerrno>

#include "os/work.h"

namespace deja::os {

Absence absence_of(const std::string& path) {
  note_work();
  struct stat st;
  if (::stat(path.c_str(), &st) == 0) return Absence::none;
  switch (errno) {
    case ENOENT:
      return Absence::no_name;
    case ENOTDIR:
      return Absence::below_a_file;
    case ELOOP:
      return Absence::in_a_circle;
    case ENAMETOOLONG:
      return Absence::too_long;
    default:
      return Absence::none;
  }
}

}  // namespace deja::os
