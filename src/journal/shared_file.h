// SPDX-License-Identifier: Apache-2.0
// A small file of fixed size that several processes map. Its blocks are allocated when it is made, so a
// later write needs no free disk space.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/fd.h"
#include "os/mapping.h"

namespace deja::journal {

// Maps dir/name, which starts with magic. A file that is missing, too short or starts differently
// (damage, another version) is replaced by one of zeros. dir must exist.
Result<os::Mapping> open_shared_file(const std::string& dir, std::string_view name,
                                     std::string_view magic, std::size_t size);

// The lock for replacing files in dir and for changes that are not atomic. Returns Code::timeout after
// a while: a stopped process must not stop all others.
Result<os::Fd> lock_journal(const std::string& dir);

}  // namespace deja::journal
