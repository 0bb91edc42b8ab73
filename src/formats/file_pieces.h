// The content of files that others can cut short or write while we look at it. Nothing of them is
// mapped: a mapping ends the process when its file shrinks (SIGBUS).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/fd.h"

namespace deja::formats {

// All of a file, piece by piece. Each piece begins with the last `overlap` bytes of the one before, so
// that whatever is no longer lies in one of them whole. `visit` returns false to end it.
Status for_each_piece(const os::Fd& fd, std::size_t overlap,
                      const std::function<bool(std::string_view)>& visit);

// A copy of all of it. Error: larger than that, or not `size` bytes long any more.
Result<std::string> whole_content(const os::Fd& fd, std::uint64_t size);

}  // namespace deja::formats
