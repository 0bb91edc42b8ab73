// A small file of fixed size that several processes map at once. Its bytes are allocated when it
// is made, so that writing to it later needs no room on the disk.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/fd.h"
#include "os/mapping.h"

namespace deja::journal {

// Maps dir/name, which starts with magic. A file that is absent, too short or starts otherwise
// (damage, another version) is replaced by one of zeros. dir must exist.
Result<os::Mapping> open_shared_file(const std::string& dir, std::string_view name,
                                     std::string_view magic, std::size_t size);

// The lock for replacing files in dir and for changing what is not atomic. Gives up after a while
// (Code::timeout): a stopped process must not stop all others.
Result<os::Fd> lock_journal(const std::string& dir);

}  // namespace deja::journal
