// A lock file (flock). The lock belongs to the open file description: it survives fork and exec
// and ends when the last copy of the descriptor is closed, so a killed owner never leaves a lock.
#pragma once

#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace deja::os {

enum class LockMode { shared, exclusive };
// Waits; creates the file with mode 0600.
Result<Fd> lock_file(const std::string& path, LockMode mode);
// Empty Fd: another process holds it.
Result<Fd> try_lock_file(const std::string& path, LockMode mode);

// True if another process holds an exclusive lock (fcntl(2), F_SETLK) on the file's first byte. False if
// that cannot be found out. Closing the file here ends all such locks of this process on it.
bool is_first_byte_locked(const std::string& path);

}  // namespace deja::os
