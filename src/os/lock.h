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

}  // namespace deja::os
