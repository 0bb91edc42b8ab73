// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) through OpenSSL's EVP. Remotes name blobs by it, because servers that check content
// (bazel-remote's /cas) know it; everything local is named by BLAKE3 (digest/digest.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "remote/transport.h"

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace deja::remote {

using Sha256Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view bytes);
  Sha256Digest finish();  // once

 private:
  evp_md_ctx_st* context_;
};

Sha256Digest sha256(std::string_view bytes);
std::string hex_of(const Sha256Digest& digest);  // 64 lower-case digits
std::string sha256_hex(std::string_view bytes);
// The name of a blob with these bytes on a remote.
inline Name blob_name(const Sha256Digest& digest) { return {Kind::blob, digest}; }

}  // namespace deja::remote
