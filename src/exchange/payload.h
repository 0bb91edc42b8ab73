// SPDX-License-Identifier: Apache-2.0
// What every record on a remote is wrapped in: raw4 magic, u8 version, varint size of the payload, raw8 checksum
// (the first bytes of the payload's BLAKE3), one zstd frame (RFC 8878) that holds it. The checksum finds damage;
// forgery is found by signatures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace deja::exchange {

inline constexpr int kCompressionLevel = 3;  // of zstd, for payloads and blobs

struct PayloadFormat {
  std::string_view magic;  // four bytes
  std::uint8_t version = 1;
  std::uint64_t size_max = 0;  // of the payload; the wrapped form is at most wrapped_max()
};

std::string wrap_payload(const PayloadFormat& format, std::string_view payload);
// `corrupt`: it is none. `protocol`: of another version, which another deja understands. Nothing larger than
// format.size_max is allocated.
Result<std::string> unwrap_payload(const PayloadFormat& format, std::string_view bytes);
// How large a record may be at most: the limit for a get.
std::uint64_t wrapped_max(const PayloadFormat& format);

}  // namespace deja::exchange
