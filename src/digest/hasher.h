// SPDX-License-Identifier: Apache-2.0
// Hasher: BLAKE3 over a sequence of pieces. Source: the BLAKE3 paper, "BLAKE3: one function, fast
// everywhere" (2020); implementation from Debian's librust-blake3-dev.
#pragma once

#include <string_view>

#include "base/result.h"
#include "digest/digest.h"
#include "os/fd.h"

extern "C" {
#include <blake3.h>
}

namespace deja::digest {

class Hasher {
 public:
  Hasher() { blake3_hasher_init(&state_); }
  void add(std::string_view bytes) { blake3_hasher_update(&state_, bytes.data(), bytes.size()); }
  Digest finish() const {
    Digest d;
    blake3_hasher_finalize(&state_, d.bytes.data(), d.bytes.size());
    return d;
  }

 private:
  blake3_hasher state_;
};

Digest digest_bytes(std::string_view bytes);
// Reads fd from its start to its end, in bounded memory.
Result<Digest> digest_fd(const os::Fd& fd);

}  // namespace deja::digest
