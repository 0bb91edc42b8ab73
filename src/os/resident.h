// SPDX-License-Identifier: Apache-2.0
// Reduces the resident memory of this process.
#pragma once

#include "os/file.h"

namespace deja::os {

// Drops the pages of all read-only mappings of that file in this process from its resident memory. The
// pages stay in the page cache and are mapped again on access, so other threads may be reading them.
// Cheap enough to call regularly.
void release_mapped_pages(const FileIdentity& file);

// Returns freed memory of this process to the system. For use after an operation that took much of it.
void give_memory_back();

}  // namespace deja::os
