// SPDX-License-Identifier: Apache-2.0
// Who can still write to a file without another open(2)?
//
// A program that maps a file (MAP_SHARED, PROT_WRITE) can close its descriptor and write on through the mapping.
// inotify reports such writes only when the mapping ends, and the stamps change only at the first write to a page
// until the kernel has written that page back. The kernel does not grant a read lease while a file is open for
// writing, and a mapping keeps its file open (fcntl(2), F_SETLEASE), so asking for a lease tells.
#pragma once

#include "os/fd.h"

namespace deja::os {

// True if a process has this file open for writing, or mapped so that it can write. `file` is open for reading
// only. False also where the kernel does not tell: the file of another user, a file system without leases.
//
// The lease is given back at once. A process that opens the file for writing in between waits some microseconds.
bool has_writer(const Fd& file);

}  // namespace deja::os
