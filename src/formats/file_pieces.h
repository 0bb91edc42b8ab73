// SPDX-License-Identifier: Apache-2.0
// Reads files that other processes may truncate or write meanwhile. Nothing is mapped: a mapping ends
// the process with SIGBUS when its file shrinks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/fd.h"

namespace deja::formats {

// Reads all of a file in pieces. Each piece begins with the last `overlap` bytes of the previous one, so
// that any text up to that length lies completely in one piece. `visit` returns false to stop.
Status for_each_piece(const os::Fd& fd, std::size_t overlap,
                      const std::function<bool(std::string_view)>& visit);

// All of the file. Error: larger than the limit, or no longer `size` bytes long.
Result<std::string> whole_content(const os::Fd& fd, std::uint64_t size);

// Exactly `size` bytes from offset on. Empty: the file has fewer, or they are more than 256 MiB.
std::optional<std::string> exact_range(const os::Fd& fd, std::uint64_t offset, std::uint64_t size);

}  // namespace deja::formats
