// SPDX-License-Identifier: Apache-2.0
#include "exchange/payload.h"

#include <zstd.h>

#include "base/bytes.h"
#include "base/check.h"
#include "digest/hasher.h"

namespace deja::exchange {
namespace {

constexpr std::size_t kPayloadChecksumBytes = 8;
constexpr std::uint64_t kHeadMax = 32;

Error no_record(const PayloadFormat& format, std::string_view why) {
  return {Code::corrupt, 0,
          "not a record \"" + std::string(format.magic) + "\": " + std::string(why)};
}

}  // namespace

std::string wrap_payload(const PayloadFormat& format, std::string_view payload) {
  CHECK(payload.size() <= format.size_max);
  Encoder e;
  e.raw(format.magic);
  e.u8(format.version);
  e.varint(payload.size());
  e.raw(digest::digest_bytes(payload).view().substr(0, kPayloadChecksumBytes));
  std::string out = std::move(e).take();
  const std::size_t head = out.size();
  out.resize(head + ZSTD_compressBound(payload.size()));
  const std::size_t n = ZSTD_compress(out.data() + head, out.size() - head, payload.data(),
                                      payload.size(), kCompressionLevel);
  CHECK(ZSTD_isError(n) == 0);
  out.resize(head + n);
  return out;
}

Result<std::string> unwrap_payload(const PayloadFormat& format, std::string_view bytes) {
  Decoder d(bytes);
  if (d.raw(4) != format.magic) return no_record(format, "it begins with other bytes");
  const std::uint8_t version = d.u8();
  const std::uint64_t size = d.varint();
  if (d.failed()) return no_record(format, "it ends too early");
  if (version != format.version)
    return Error{Code::protocol, 0,
                 "a record \"" + std::string(format.magic) + "\" of version " +
                     std::to_string(version) + "; this version of deja reads version " +
                     std::to_string(format.version)};
  if (size > format.size_max) return no_record(format, "it is too large");
  const std::string_view checksum = d.raw(kPayloadChecksumBytes);
  const std::string_view frame = d.raw(d.remaining());
  if (ZSTD_getFrameContentSize(frame.data(), frame.size()) != size)
    return no_record(format, "its size is wrong");
  std::string out(size, '\0');
  const std::size_t n = ZSTD_decompress(out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(n) != 0 || n != size) return no_record(format, "it cannot be decompressed");
  if (digest::digest_bytes(out).view().substr(0, kPayloadChecksumBytes) != checksum)
    return no_record(format, "its checksum is wrong");
  return out;
}

std::uint64_t wrapped_max(const PayloadFormat& format) {
  return kHeadMax + ZSTD_compressBound(format.size_max);
}

}  // namespace deja::exchange
