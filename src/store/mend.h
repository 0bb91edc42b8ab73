// Mend: everything that lies in the store's directory is of the kind that its name says: directories are
// directories, blobs and records are files, all can be read, and nobody else's names are among them. What
// is not goes to quarantine, or is removed where there is nothing in it to look at.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/layout.h"

namespace deja::store {

// One line for people for each thing that was found, and what became of it. Without repair nothing is
// touched. REQUIRES: the directory is a cache of deja's.
std::vector<std::string> mend_directory(const Layout& layout, bool repair);

// Moves it to quarantine, under that name with the time behind it. The oldest there make room.
Status move_to_quarantine(const Layout& layout, const std::string& path, const std::string& name);

}  // namespace deja::store
