// SPDX-License-Identifier: Apache-2.0
// Does an archive (ar(5)) contain times and owners of its members? Archives have zeros there, unless
// the user (ar's modifier U) or the builder of ar chose otherwise.
#pragma once

#include "base/result.h"
#include "os/fd.h"

namespace deja::formats {

// False if it is not an archive. An Error: it cannot be read, or is truncated.
Result<bool> holds_dates(const os::Fd& file);

}  // namespace deja::formats
