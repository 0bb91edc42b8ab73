// SPDX-License-Identifier: Apache-2.0
// A lock file (flock). The lock belongs to the open file description: it survives fork and exec
// and ends when the last copy of the descriptor is closed, so a killed owner never leaves a lock.
#pragma once

#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace deja::os {

// Creates the file with mode 0600; a symlink is an error. Empty Fd: another process holds the lock.
Result<Fd> try_lock_file(const std::string& path);

// Writes the pid of this process into a lock file that it holds.
void sign_lock_file(const Fd& lock);

// True if another process holds an exclusive lock (fcntl(2), F_SETLK) on the file's first byte. False if
// that cannot be found out. Closing the file here ends all such locks of this process on it.
bool is_first_byte_locked(const std::string& path);

}  // namespace deja::os
