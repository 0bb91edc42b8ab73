// SPDX-License-Identifier: Apache-2.0
#include "exchange/upload_job.h"

#include "base/bytes.h"
#include "digest/hasher.h"

namespace deja::exchange {
namespace {

constexpr std::string_view kJobMagic = "dejU";
constexpr std::uint8_t kJobVersion = 1;
constexpr std::size_t kJobChecksumBytes = 8;

}  // namespace

std::string encode_job(const UploadJob& job) {
  Encoder e;
  e.raw(kJobMagic);
  e.u8(kJobVersion);
  e.raw(job.probe.digest.view());
  e.raw(job.key.digest.view());
  e.i64(job.queued_at_ns);
  const Digest checksum = digest::digest_bytes(e.view());
  e.raw(checksum.view().substr(0, kJobChecksumBytes));
  return std::move(e).take();
}

std::optional<UploadJob> decode_job(std::string_view bytes) {
  Decoder d(bytes);
  if (d.raw(4) != kJobMagic || d.u8() != kJobVersion) return std::nullopt;
  UploadJob job;
  job.probe.digest = Digest::from_view(d.raw(32));
  job.key.digest = Digest::from_view(d.raw(32));
  job.queued_at_ns = d.i64();
  const std::string_view before = bytes.substr(0, bytes.size() - d.remaining());
  const std::string_view checksum = d.raw(kJobChecksumBytes);
  if (!d.done()) return std::nullopt;
  if (digest::digest_bytes(before).view().substr(0, kJobChecksumBytes) != checksum)
    return std::nullopt;
  return job;
}

}  // namespace deja::exchange
