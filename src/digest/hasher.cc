#include "digest/hasher.h"

#include <unistd.h>

#include <memory>

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
  off_t offset = 0;
  for (;;) {
    const ssize_t n = ::pread(fd.get(), buffer.get(), kBuffer, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return sys_error("read");
    if (n == 0) return hasher.finish();
    hasher.add({buffer.get(), static_cast<std::size_t>(n)});
    offset += n;
  }
}

}  // namespace deja::digest
