// SPDX-License-Identifier: Apache-2.0
// The section ".rustc" of a shared library, in which rustc stores the metadata of a crate: a header that
// begins with "rust", then the metadata as they are or (1.63) in Snappy's framing format
// (rustc_codegen_ssa, back/metadata.rs; https://github.com/google/snappy/blob/main/framing_format.txt).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace deja::formats {

// The content that a byte search of the section does not find, at most kMetadataMax bytes. Empty: the
// section has another form and could contain anything.
std::optional<std::string> unpack_rust_metadata(std::string_view section);

inline constexpr std::size_t kMetadataMax = 1u << 30;

}  // namespace deja::formats
