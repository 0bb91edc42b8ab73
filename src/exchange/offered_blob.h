// SPDX-License-Identifier: Apache-2.0
// One row of an entry's blob table: where the bytes of a local blob are on the remote, and in which form.
#pragma once

#include <cstdint>
#include <string>

#include "digest/digest.h"
#include "remote/sha256.h"
#include "remote/transport.h"

namespace deja::exchange {

// The numbers are stored (docs/format.md).
enum class Encoding : std::uint8_t {
  raw = 0,      // an object of its own, with the blob's bytes
  zstd = 1,     // an object of its own, with one zstd frame (RFC 8878)
  in_offer = 2  // no object: the bytes are in the offer
};

struct OfferedBlob {
  Digest digest;           // of the blob's bytes, BLAKE3
  std::uint64_t size = 0;  // of the blob
  Encoding encoding = Encoding::raw;
  std::uint64_t stored_size = 0;  // of the object
  remote::Sha256Digest id{};      // of the object's bytes
  std::string bytes;              // only with Encoding::in_offer

  remote::Name name() const { return remote::blob_name(id); }
  bool operator==(const OfferedBlob&) const = default;
};

}  // namespace deja::exchange
