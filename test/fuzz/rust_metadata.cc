// SPDX-License-Identifier: Apache-2.0
// Metadata of a Rust library: whatever a section holds, it is unpacked or refused.
#include <cstdint>

#include "base/check.h"
#include "formats/rust_metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view section(reinterpret_cast<const char*>(data), size);
  const auto text = deja::formats::unpack_rust_metadata(section);
  if (text) CHECK(text->size() <= deja::formats::kMetadataMax && section.starts_with("rust"));
  return 0;
}
