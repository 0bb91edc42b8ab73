// SPDX-License-Identifier: Apache-2.0
// Unpacks gzip files (RFC 1952 and 1951) for searching.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace deja::formats {

// The content of a file with one member. Empty: not gzip, malformed, or larger than `most` bytes. The
// checksum is not verified: in damaged content a search would find a text only by chance.
std::optional<std::string> unpack_gzip(std::string_view file, std::size_t most);

}  // namespace deja::formats
