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
// Empty Fd when somebody else has it.
Result<Fd> try_lock_file(const std::string& path, LockMode mode);

// Does another process keep shared locks (fcntl(2), F_SETLK) off the file's first byte? False where it
// cannot be told. Ends all such locks that this process itself has on the file.
bool is_first_byte_locked(const std::string& path);

}  // namespace deja::os
