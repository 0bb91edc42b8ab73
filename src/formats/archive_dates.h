// Does an archive (ar(5)) hold the times and owners of the files that were put into it? A linker's
// archives have zeros there unless the user, or whoever built ar, wanted otherwise.
#pragma once

#include "base/result.h"
#include "os/fd.h"

namespace deja::formats {

// False for what is no archive. An Error: it cannot be read, or breaks off.
Result<bool> holds_dates(const os::Fd& file);

}  // namespace deja::formats
