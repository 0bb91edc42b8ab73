// The section ".rustc" of a shared library, which tells rustc of the crate in it: a header that begins
// with "rust", and the metadata: as it is, or (1.63) in Snappy's framing format (rustc_codegen_ssa,
// back/metadata.rs; https://github.com/google/snappy/blob/main/framing_format.txt).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace deja::formats {

// What a search of the section's own bytes does not find. Empty: not as described, so that it could hold anything. At most kMetadataMax bytes.
std::optional<std::string> unpack_rust_metadata(std::string_view section);

inline constexpr std::size_t kMetadataMax = 1u << 30;

}  // namespace deja::formats
