// Two ways to open a file that os/file.h does not offer.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace deja::journal {

// For appending; makes the file, mode 0600.
Result<os::Fd> open_append(const std::string& path);
// Empty when there is nothing of that name.
Result<std::optional<os::Fd>> open_read_write_if_exists(const std::string& path);

}  // namespace deja::journal
