// SPDX-License-Identifier: Apache-2.0
// Mend: makes every name in the store's directory the kind of file that it must be: directories are
// directories, blobs and records are regular files, all are readable, and there are no foreign names.
// What does not fit goes to quarantine, or is removed if it has no content.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/layout.h"

namespace deja::store {

// Returns one line per problem, with what was done about it. Without repair nothing is changed.
// REQUIRES: the directory is a cache of deja.
std::vector<std::string> mend_directory(const Layout& layout, bool repair);

// Moves the file to quarantine/<name>.<time>. Removes the oldest ones there to make room.
Status move_to_quarantine(const Layout& layout, const std::string& path, const std::string& name);

}  // namespace deja::store
