// SPDX-License-Identifier: Apache-2.0
// Memory that other processes map through its descriptor, and a file whose lock tells who owns it.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "os/fd.h"

namespace deja::os {

// size bytes of zeros without a name (memfd_create(2)). Nobody can change the size, so a mapping never loses its
// pages.
Result<Fd> create_shared_memory(std::size_t size);

// Takes memory for a part of it, so that writing there cannot fail. (Where memory is short, or overcommitting is
// off, a write to pages that were not taken ends the process by SIGBUS.)
Status reserve_shared_memory(const Fd& memory, std::size_t offset, std::size_t size);

// Locks the file's first byte for this process (fcntl(2), F_SETLK). The lock ends with the process, and when the
// process closes any descriptor of this file. Others learn from it which process holds it.
Status lock_first_byte(const Fd& file);

}  // namespace deja::os
