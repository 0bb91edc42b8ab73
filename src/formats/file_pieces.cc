// SPDX-License-Identifier: Apache-2.0
#include "formats/file_pieces.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "os/disk.h"
#include "os/file.h"

namespace deja::formats {
namespace {

constexpr std::uint64_t kPiece = 256 * 1024;
constexpr std::uint64_t kWholeMax = 512 << 20;

}  // namespace

Status for_each_piece(const os::Fd& fd, std::size_t overlap,
                      const std::function<bool(std::string_view)>& visit) {
  const os::FileIdentity identity = TRY(os::stat_fd(fd));
  // One byte more, so that the last read is short.
  const auto piece = static_cast<std::size_t>(std::min(identity.size + 1, kPiece));
  const auto buffer = std::make_unique_for_overwrite<char[]>(piece + overlap);
  std::size_t kept = 0;
  for (std::uint64_t offset = 0;;) {
    const std::size_t n = TRY(os::read_at(fd, offset, buffer.get() + kept, piece));
    const std::size_t have = kept + n;
    if (!visit({buffer.get(), have}) || n < piece) return {};
    kept = std::min(have, overlap);
    std::memmove(buffer.get(), buffer.get() + have - kept, kept);
    offset += n;
  }
}

Result<std::string> whole_content(const os::Fd& fd, std::uint64_t size) {
  if (size > kWholeMax) return Error{Code::invalid, 0, "the file is too large to be searched"};
  std::string bytes(static_cast<std::size_t>(size), '\0');
  const std::size_t have = TRY(os::read_at(fd, 0, bytes.data(), bytes.size()));
  if (have != size || TRY(os::stat_fd(fd)).size != size)
    return Error{Code::invalid, 0, "the file changed while it was read"};
  return bytes;
}

std::optional<std::string> exact_range(const os::Fd& fd, std::uint64_t offset, std::uint64_t size) {
  constexpr std::uint64_t kRangeMax = 256 << 20;
  if (size > kRangeMax) return std::nullopt;
  auto bytes = os::read_range(fd, offset, static_cast<std::size_t>(size));
  if (!bytes || bytes->size() != size) return std::nullopt;
  return *std::move(bytes);
}

}  // namespace deja::formats
