// SPDX-License-Identifier: Apache-2.0
// One job of the upload queue as bytes: which result is to be exported. The result itself stays in the local store.
//
//   job = "dejU" u8 version, raw probe[32], raw key[32], i64 queued_at_ns, raw checksum[8]
//         (checksum: the first bytes of the BLAKE3 of all before it)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "digest/digest.h"

namespace deja::exchange {

struct UploadJob {
  ProbeKey probe;
  ActionKey key;
  std::int64_t queued_at_ns = 0;
  bool operator==(const UploadJob&) const = default;
};

std::string encode_job(const UploadJob& job);
// Empty: the bytes are none, or damaged.
std::optional<UploadJob> decode_job(std::string_view bytes);

}  // namespace deja::exchange
