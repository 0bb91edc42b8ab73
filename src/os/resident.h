// Memory that a mapped file holds resident.
#pragma once

#include "os/file.h"

namespace deja::os {

// Lets go of the pages of all read-only mappings of that file in this process; they stay in the
// page cache and come back when touched. Other threads may be reading them. Cheap to call now and
// then.
void release_mapped_pages(const FileIdentity& file);

// Gives freed memory of this process back to the system: after something that took much of it.
void give_memory_back();

}  // namespace deja::os
