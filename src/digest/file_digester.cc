// SPDX-License-Identifier: Apache-2.0
// A file whose identity changes while it is read is read again. The digest is remembered only if the stamps
// are old enough (is_settled()) and nobody can write to the file without opening it; otherwise the file is hashed
// again at its next use.
#include "digest/file_digester.h"

#include "base/bytes.h"
#include "digest/hasher.h"
#include "os/clock.h"
#include "os/writers.h"

namespace deja::digest {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
// Larger files are hashed in pieces and not scanned: no compiler source is that large, and an adapter
// must treat "not scanned" (all traits set) as "possible".
constexpr std::uint64_t kScanLimit = 32 << 20;
constexpr int kTries = 4;

struct FileRead {
  os::FileIdentity before, after;
  std::int64_t clock_before = 0;
  FileContent content;
  bool has_writer = false;  // its next bytes need not change its stamps (os/writers.h)
};

Result<std::optional<FileRead>> read_once(const std::string& path, ContentScan scan) {
  auto fd = TRY(os::open_read_if_exists(path));
  if (!fd) return std::optional<FileRead>();
  FileRead read;
  read.clock_before = os::file_clock_ns();
  read.before = TRY(os::stat_fd(*fd));
  if (!read.before.is_regular()) return Error{Code::invalid, 0, "not a regular file: " + path};
  if (scan != nullptr && read.before.size <= kScanLimit) {
    const std::string bytes = TRY(os::read_fd(*fd, 2 * kScanLimit));
    read.content = {digest_bytes(bytes), scan(bytes)};
  } else {
    read.content = {TRY(digest_fd(*fd)), scan == nullptr ? 0 : kTraitsMask};
  }
  read.after = TRY(os::stat_fd(*fd));
  read.has_writer = os::has_writer(*fd);
  return std::optional(read);
}

}  // namespace

std::string memo_key(const os::FileIdentity& identity) {
  Encoder e;
  e.u64(identity.device);
  e.u64(identity.inode);
  e.u64(identity.size);
  e.i64(identity.mtime_ns);
  e.i64(identity.ctime_ns);
  return std::string(digest_bytes(e.view()).view().substr(0, 16));
}

std::size_t FileDigester::MemoKeyHash::operator()(const MemoKey& k) const noexcept {
  std::uint64_t h = k.inode * 0x9e3779b97f4a7c15ULL;
  h ^= static_cast<std::uint64_t>(k.ctime_ns) + (h << 6) + (h >> 2);
  h ^= k.device + k.size * 31 + static_cast<std::uint64_t>(k.mtime_ns);
  return h;
}

FileDigester::MemoKey FileDigester::key_of(const os::FileIdentity& i) {
  return {i.device, i.inode, i.size, i.mtime_ns, i.ctime_ns};
}

bool FileDigester::is_settled(const os::FileIdentity& identity, std::int64_t now_ns) {
  // Stamps in whole seconds come from a file system without finer ones (FAT has two seconds).
  const bool whole_seconds = identity.mtime_ns % kSecond == 0 && identity.ctime_ns % kSecond == 0;
  const std::int64_t grain = whole_seconds ? 2 * kSecond : 2 * os::file_clock_grain_ns();
  return identity.newest_ns() < now_ns - grain;
}

void FileDigester::remember(const os::FileIdentity& identity, const FileContent& content) {
  {
    const MutexLock lock(mutex_);
    if (memo_.size() >= options_.max_entries) memo_.clear();
    memo_[key_of(identity)] = content;
  }
  if (options_.below == nullptr) return;
  const Traits version = Traits{options_.scan_version} << 24;
  options_.below->remember(identity, {content.digest, content.traits | version});
}

std::optional<FileContent> FileDigester::remembered(const os::FileIdentity& identity) {
  {
    const MutexLock lock(mutex_);
    const auto it = memo_.find(key_of(identity));
    if (it != memo_.end()) return it->second;
  }
  if (options_.below == nullptr) return std::nullopt;
  auto content = options_.below->recall(identity);
  if (!content || content->traits >> 24 != options_.scan_version) return std::nullopt;
  content->traits &= kTraitsMask;
  const MutexLock lock(mutex_);
  if (memo_.size() < options_.max_entries) memo_[key_of(identity)] = *content;
  return content;
}

void FileDigester::add_traits(const os::FileIdentity& identity, Traits traits) {
  auto content = remembered(identity);
  if (!content || (content->traits & traits) == traits) return;
  content->traits |= traits;
  remember(identity, *content);
  if (options_.below != nullptr) options_.below->save();
}

Result<std::optional<FileContent>> FileDigester::digest_known(const std::string& path,
                                                              const os::FileIdentity& identity) {
  if (auto known = remembered(identity)) return known;
  os::FileIdentity now;
  auto content = TRY(digest_file(path, &now));
  if (!content || !(now == identity)) return std::optional<FileContent>();
  return content;
}

Result<std::optional<FileContent>> FileDigester::digest_file(const std::string& path,
                                                             os::FileIdentity* identity) {
  const auto stat = TRY(os::stat_file(path));
  if (!stat) return std::optional<FileContent>();
  if (auto known = remembered(*stat)) {
    if (identity != nullptr) *identity = *stat;
    return known;
  }
  // A file that changes while it is read has no single content; try a few times.
  for (int i = 0; i < kTries; ++i) {
    const auto read = TRY(read_once(path, options_.scan));
    if (!read) return std::optional<FileContent>();
    if (!(read->before == read->after)) continue;
    if (is_settled(read->before, read->clock_before) && !read->has_writer)
      remember(read->before, read->content);
    if (identity != nullptr) *identity = read->before;
    return std::optional(read->content);
  }
  return Error{Code::io, 0, "the file changes while it is read: " + path};
}

}  // namespace deja::digest
