// SPDX-License-Identifier: Apache-2.0
// Tested by rust_metadata_test.cc and test/fuzz/rust_metadata.cc.
#include "formats/rust_metadata.h"

#include <snappy.h>

#include <algorithm>

namespace deja::formats {
namespace {

constexpr std::string_view kMetadataMagic = "rust";
constexpr std::size_t kVersionEnd = 8;  // "rust" and the version bytes
constexpr std::string_view kStream{"\xff\x06\0\0sNaPpY", 10};
constexpr std::size_t kHeaderMax = 64;  // rustc's header has 16 bytes in 1.63, fewer before
constexpr std::size_t kChecksum = 4;
constexpr std::size_t kChunkMax = 65536;  // unpacked

enum Chunk : unsigned char { compressed = 0, plain = 1, first_skippable = 0x80 };

// Appends the content of a chunk. False: it has another form.
bool unpack_chunk(unsigned char kind, std::string_view data, std::string& out) {
  if (kind >= first_skippable) return true;
  if (kind > plain || data.size() < kChecksum) return false;
  const std::string_view packed = data.substr(kChecksum);
  std::size_t length = packed.size();
  const bool is_known =
      kind == plain || snappy::GetUncompressedLength(packed.data(), packed.size(), &length);
  if (!is_known || length > kChunkMax || length > kMetadataMax - out.size()) return false;
  if (kind == plain) {
    out.append(packed);
    return true;
  }
  std::string piece;
  if (!snappy::Uncompress(packed.data(), packed.size(), &piece)) return false;
  out.append(piece);
  return true;
}

}  // namespace

std::optional<std::string> unpack_rust_metadata(std::string_view section) {
  if (!section.starts_with(kMetadataMagic)) return std::nullopt;
  // Later compilers do not compress: a length, then the metadata with their own header.
  constexpr std::size_t kLength = 8;
  const std::string_view header = section.substr(0, kVersionEnd);
  if (section.substr(std::min(kVersionEnd + kLength, section.size())).starts_with(header))
    return "";
  const std::size_t begin = section.substr(0, kHeaderMax).find(kStream);
  if (begin == std::string_view::npos) return std::nullopt;
  std::string_view rest = section.substr(begin + kStream.size());
  std::string out;
  while (!rest.empty()) {
    constexpr std::size_t kHead = 4;
    if (rest.size() < kHead) return std::nullopt;
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(rest[at]); };
    const unsigned char kind = byte(0);
    const std::size_t size = byte(1) | std::size_t{byte(2)} << 8 | std::size_t{byte(3)} << 16;
    if (size > rest.size() - kHead) return std::nullopt;
    if (!unpack_chunk(kind, rest.substr(kHead, size), out)) return std::nullopt;
    rest.remove_prefix(kHead + size);
  }
  return out;
}

}  // namespace deja::formats
