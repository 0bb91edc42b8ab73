// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of bytes, by OpenSSL. It names blobs on a remote, because servers check it.
#pragma once

#include <string>
#include <string_view>

namespace deja::remote {

std::string sha256(std::string_view bytes);  // the 32 bytes

}  // namespace deja::remote
