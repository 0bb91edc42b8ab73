// SPDX-License-Identifier: Apache-2.0
#include "digest/hasher.h"

#include <memory>

#include "os/file.h"

namespace deja::digest {

Digest digest_bytes(std::string_view bytes) {
  Hasher hasher;
  hasher.add(bytes);
  return hasher.finish();
}

Result<Digest> digest_fd(const os::Fd& fd) {
  // 256 KiB: BLAKE3's widest kernels want 16 KiB or more at a time; larger buffers gain nothing.
  constexpr std::size_t kBuffer = 256 * 1024;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBuffer);
  Hasher hasher;
  for (std::uint64_t offset = 0;;) {
    const std::size_t n = TRY(os::read_at(fd, offset, buffer.get(), kBuffer));
    hasher.add({buffer.get(), n});
    if (n < kBuffer) return hasher.finish();
    offset += n;
  }
}

}  // namespace deja::digest
