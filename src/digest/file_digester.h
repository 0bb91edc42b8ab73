// SPDX-License-Identifier: Apache-2.0
// FileDigester: the digest of a file, remembered while the file is certainly unchanged.
//
// The memo's key is the file's identity (device, inode, size, mtime, ctime). A user cannot set ctime, so
// an edit that keeps size and mtime is still detected. A file whose stamps lie within one clock
// resolution of its stat is not remembered: it could change again without new stamps
// (docs/traps/racy-timestamps.md). Nor is a file that a process can still write to through a descriptor or a mapping,
// because later writes to one page change the stamps only once (docs/traps/mapped-writers.md).
//
// Thread-safe. Memory is bounded by max_entries; older entries are dropped.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "base/result.h"
#include "digest/digest.h"
#include "os/file.h"

namespace deja::digest {

// Facts about a file's text that an adapter needs, computed while the file is hashed.
using Traits = std::uint32_t;
inline constexpr Traits kTraitsMask = 0xffffff;
using ContentScan = Traits (*)(std::string_view bytes);

struct FileContent {
  Digest digest;
  Traits traits = 0;
};

// A persistent memo below the one in memory. Implementations are thread-safe and handle their own
// failures (a lost entry costs one hashing).
class MemoStore {
 public:
  virtual ~MemoStore() = default;
  virtual std::optional<FileContent> recall(const os::FileIdentity& identity) = 0;
  // May be written later, together with other entries.
  virtual void remember(const os::FileIdentity& identity, const FileContent& content) = 0;
  // Writes what was remembered: from now on other processes recall it.
  virtual void save() = 0;
};

// Sixteen bytes that identify an identity's memo entry (device, inode, size, mtime, ctime).
std::string memo_key(const os::FileIdentity& identity);

class FileDigester {
 public:
  struct Options {
    ContentScan scan = nullptr;     // its traits use the lower 24 bits
    std::uint8_t scan_version = 0;  // traits of another version are ignored
    MemoStore* below = nullptr;     // may be null; must outlive the digester
    std::size_t max_entries = 1 << 18;
  };
  explicit FileDigester(Options options) : options_(options) {}

  // The present content of the file at path. Empty: there is none. An error: it cannot be read, or is
  // not a regular file. `identity` (may be null) receives the stat of exactly the content that was
  // hashed.
  Result<std::optional<FileContent>> digest_file(const std::string& path,
                                                 os::FileIdentity* identity);

  // As digest_file, for an identity that the caller has just taken from the kernel.
  Result<std::optional<FileContent>> digest_known(const std::string& path,
                                                  const os::FileIdentity& identity);

  // Looks only into the memo; never reads the file.
  std::optional<FileContent> remembered(const os::FileIdentity& identity);

  // Adds traits to the memo entry of a file, if there is one, and saves it: the next invocation of a tool,
  // perhaps by another process, must know what this one has shown.
  void add_traits(const os::FileIdentity& identity, Traits traits);

  // True if the stamps of identity are so old, compared with `now_ns` of the file clock, that any later
  // change must change them too.
  static bool is_settled(const os::FileIdentity& identity, std::int64_t now_ns);

 private:
  struct MemoKey {
    std::uint64_t device, inode, size;
    std::int64_t mtime_ns, ctime_ns;
    bool operator==(const MemoKey&) const = default;
  };
  struct MemoKeyHash {
    std::size_t operator()(const MemoKey& k) const noexcept;
  };
  static MemoKey key_of(const os::FileIdentity& identity);
  void remember(const os::FileIdentity& identity, const FileContent& content);

  const Options options_;
  Mutex mutex_;
  std::unordered_map<MemoKey, FileContent, MemoKeyHash> memo_ GUARDED_BY(mutex_);
};

}  // namespace deja::digest
