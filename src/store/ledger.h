// SPDX-License-Identifier: Apache-2.0
// Ledger: an append-only copy of every result and manifest row. The index is rebuilt from it when it
// cannot be trusted (docs/decisions/0002-index-durability.md).
//
// clang-format off
//   frame := u32 magic  u8 kind  raw32 key  u32 length  raw row  raw8 checksum(kind, key, row)
// clang-format on
//
// Many processes append to ledger/<n>.log at once, each under the index's write lock. Compaction
// starts log n+1 and writes the live rows to <n+1>.base. A rebuild reads the newest base, then the
// logs from its number on; later frames replace earlier ones. A torn frame is skipped.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "digest/digest.h"
#include "os/fd.h"
#include "os/mapping.h"
#include "store/layout.h"

namespace deja::store {

enum class FrameKind : std::uint8_t { result = 1, manifest = 2, removed_result = 3 };

std::uint64_t ledger_frame_bytes(std::size_t row_bytes);
std::string encode_frame(FrameKind kind, const Digest& key, std::string_view row);

struct LedgerFrame {
  FrameKind kind = FrameKind::result;
  Digest key;
  std::string_view row;
  std::size_t place = 0;  // its position among all frames of a LedgerImage
};
// Visits all whole frames of one ledger file; returns the number of bytes outside of them.
using VisitFrame = std::function<Status(const LedgerFrame&)>;
Result<std::uint64_t> scan_frames(std::string_view bytes, const VisitFrame& visit);

// The files in the ledger's directory.
struct LedgerFiles {
  std::uint64_t first = 1;              // the oldest number in use
  bool has_base = false;                // <first>.base exists; reading starts there
  std::uint64_t last = 1;               // the newest number
  std::uint64_t bytes = 0;              // of all files in use
  std::vector<std::string> superseded;  // paths of files that are no longer in use
};
Result<LedgerFiles> find_ledger_files(const Layout& layout);
// The last frame of each key, ordered by kind of row and key.
class LedgerImage {
 public:
  static Result<LedgerImage> read(const Layout& layout);
  const std::vector<LedgerFrame>& frames() const {
    return frames_;
  }  // rows live as long as the image

 private:
  Status add(const std::string& path);
  std::vector<os::Mapping> mappings_;
  std::vector<LedgerFrame> frames_;
};

class Ledger {
 public:
  explicit Ledger(const Layout& layout) : layout_(layout) {}
  // REQUIRES: the caller holds the index's write lock. Adds the number of bytes to written_bytes.
  Status append(std::uint64_t number, std::string_view frame, std::uint64_t& written_bytes);

 private:
  const Layout& layout_;
  Mutex mutex_;
  os::Fd fd_ GUARDED_BY(mutex_);
  std::uint64_t number_ GUARDED_BY(mutex_) = 0;
};

}  // namespace deja::store
