// SPDX-License-Identifier: Apache-2.0
// gzip files: unpacked within the limit, the same with a larger one, or refused.
#include "formats/gzip.h"

#include <cstdint>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  constexpr std::size_t kMost = 1 << 20;
  const auto text = deja::formats::unpack_gzip(bytes, kMost);
  if (!text) return 0;
  CHECK(text->size() <= kMost);
  CHECK(deja::formats::unpack_gzip(bytes, text->size()) == text);
  if (!text->empty()) CHECK(!deja::formats::unpack_gzip(bytes, text->size() - 1));
  return 0;
}
