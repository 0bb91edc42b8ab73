// SPDX-License-Identifier: Apache-2.0
#include "remote/sha256.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace deja::remote {

std::string sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  CHECK(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                   nullptr, EVP_sha256(), nullptr) == 1);
  return digest;
}

}  // namespace deja::remote
