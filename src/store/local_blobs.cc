// SPDX-License-Identifier: Apache-2.0
// Blobs of the local store: put, open, quarantine.
//
// A blob is written as tmp/<...>, hashed in place, and renamed to its name without replacing an
// existing file. Its mtime is set into the past: any later write sets the current time, so even a
// write within the same clock tick changes the file's identity.
#include <algorithm>
#include <limits>
#include <string>

#include "base/log.h"
#include "digest/hasher.h"
#include "os/clock.h"
#include "os/disk.h"
#include "os/file.h"
#include "os/spare.h"
#include "store/local_store.h"
#include "store/mend.h"

namespace deja::store {
namespace {

// Up to this size a file is read once, hashed in memory and written from there (or not written at all
// if it is known). A larger file is cloned or copied by the kernel and hashed in place.
constexpr std::uint64_t kBufferedBytes = 256 * 1024;
// A result of most compilers is a file or two. A sweep removes files that are an hour old.
constexpr std::size_t kAheadFiles = 4;
constexpr std::int64_t kAheadMaxNs = 60'000'000'000;
constexpr std::size_t kKnownMax = 1 << 16;
constexpr std::size_t kRefreshedMax = 4096;
constexpr std::int64_t kPast = 2'000'000'000;
// Quarantine is for inspection by a person: large files are not kept.
constexpr std::uint64_t kQuarantineBytesMax = 64 << 20;

// Removes the file unless it was moved away.
struct TempFile {
  explicit TempFile(std::string p) : path(std::move(p)) {}
  ~TempFile() {
    if (!path.empty()) ignore(os::remove_file(path), "a sweep removes it");
  }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  std::string path;
};

bool is_missing(const Error& error) { return error.sys_errno == ENOENT; }

}  // namespace

void LocalStore::know(const Digest& digest, const os::FileIdentity& identity) {
  const MutexLock lock(known_mutex_);
  if (known_.size() >= kKnownMax) known_.clear();
  known_[digest] = identity;
}

std::optional<os::FileIdentity> LocalStore::known(const Digest& digest) {
  const MutexLock lock(known_mutex_);
  const auto it = known_.find(digest);
  if (it == known_.end()) return std::nullopt;
  return it->second;
}

Result<std::optional<LocalStore::Opened>> LocalStore::open_file(const Digest& digest) {
  auto fd = TRY(os::open_read_if_exists(layout_.blob(digest)));
  if (!fd) return std::optional<Opened>();
  const auto identity = TRY(os::stat_fd(*fd));
  return std::optional(Opened{*std::move(fd), identity});
}

// True if a file with this identity was found to have this content before.
Result<bool> LocalStore::is_recorded(const Digest& digest, const os::FileIdentity& identity) {
  if (known(digest) == identity) return true;
  if (is_unverified_) return false;
  std::optional<BlobRow> row;
  const Index::Body look = [&](IndexTxn& txn) -> Status {
    row = TRY(find_blob(txn, digest));
    return {};
  };
  TRY(read(look));
  if (!row || !(row->identity == identity)) return false;
  know(digest, identity);
  return true;
}

// Hashes the file; moves a damaged one away and returns false.
Result<bool> LocalStore::check_content(const Digest& digest, const Opened& opened) {
  const bool is_right = opened.identity.is_regular() && TRY(digest::digest_fd(opened.fd)) == digest;
  if (!is_right) {
    TRY(quarantine(digest));
    return false;
  }
  know(digest, opened.identity);
  const MutexLock lock(pending_mutex_);
  if (refreshed_.size() < kRefreshedMax) refreshed_[digest] = opened.identity;
  return true;
}

Result<std::optional<Blob>> LocalStore::open_blob(const Digest& digest) {
  auto opened = TRY(open_file(digest));
  if (!opened) return std::optional<Blob>();
  if (!TRY(is_recorded(digest, opened->identity))) {
    if (!TRY(check_content(digest, *opened))) return std::optional<Blob>();
  }
  return std::optional(Blob{std::move(opened->fd), opened->identity.size, layout_.blob(digest)});
}

Status LocalStore::quarantine(const Digest& digest) {
  {
    const MutexLock lock(known_mutex_);
    known_.erase(digest);
  }
  if (options_.read_only) return {};
  DEJA_LOG_LINE("the content of a blob does not match its name: " + digest.hex());
  const std::string path = layout_.blob(digest);
  const auto id = TRY(os::stat_file(path, os::Links::keep));
  if (!id) return {};
  if (!id->is_regular() || id->size > kQuarantineBytesMax) return os::remove_tree(path);
  return move_to_quarantine(layout_, path, digest.hex());
}

Result<LocalStore::NewFile> LocalStore::make_file() const {
  NewFile file{layout_.new_temp(), {}, os::monotonic_ns()};
  // 0444 from the start: this descriptor can write, but no later open.
  file.fd = TRY(os::create_file(file.path, 0444));
  return file;
}

// None: there is none, or it is not there any more (a purge, a sweep).
std::optional<LocalStore::NewFile> LocalStore::take_file_made_ahead() {
  for (;;) {
    NewFile file;
    {
      const MutexLock lock(ahead_mutex_);
      if (ahead_.empty()) return std::nullopt;
      file = std::move(ahead_.back());
      ahead_.pop_back();
    }
    const auto named = os::stat_file(file.path, os::Links::keep);
    const auto open = os::stat_fd(file.fd);
    if (named && *named && open && **named == *open) return file;
  }
}

Result<LocalStore::NewFile> LocalStore::new_file() {
  if (auto file = take_file_made_ahead()) return *std::move(file);
  auto made = make_file();
  if (made || !is_missing(made.error())) return made;
  TRY(os::make_directories(layout_.tmp()));
  return make_file();
}

void LocalStore::make_files_ahead() {
  if (options_.read_only) return;
  drop_files_made_ahead(os::monotonic_ns() - kAheadMaxNs);
  for (std::size_t i = 0; i < kAheadFiles; ++i) {
    {
      const MutexLock lock(ahead_mutex_);
      if (ahead_.size() >= kAheadFiles) return;
    }
    auto file = make_file();
    if (!file) return;  // then one is made when it is needed, and an error is reported there
    const MutexLock lock(ahead_mutex_);
    ahead_.push_back(*std::move(file));
  }
}

void LocalStore::drop_files_made_ahead(std::int64_t before_ns) {
  std::vector<NewFile> kept, old;
  {
    const MutexLock lock(ahead_mutex_);
    for (NewFile& file : ahead_) (file.made_ns < before_ns ? old : kept).push_back(std::move(file));
    ahead_.swap(kept);
  }
  for (const NewFile& file : old) ignore(os::remove_file(file.path), "a sweep removes it");
}

// REQUIRES: the bytes of temp were hashed to digest.
Status LocalStore::install(const std::string& temp, const os::Fd& fd, const Digest& digest) {
  TRY(os::set_mtime(fd, os::wall_ns() - kPast));
  const std::string path = layout_.blob(digest);
  auto renamed = os::rename_new(temp, path);
  if (!renamed && is_missing(renamed.error())) {
    TRY(os::make_directories(layout_.blob_directory(digest)));
    renamed = os::rename_new(temp, path);
  }
  // Another process stored the same bytes a moment ago: its file is hashed at first use.
  if (!TRY(std::move(renamed))) {
    ignore(os::remove_file(temp), "a sweep removes it");
    return {};
  }
  know(digest, TRY(os::stat_fd(fd)));
  return {};
}

Result<PutBlob> LocalStore::put_blob_bytes(std::string_view bytes) {
  TRY(refuse_when_read_only());
  PutBlob put{.digest = digest::digest_bytes(bytes), .size = bytes.size(), .was_known = false};
  if (TRY(open_blob(put.digest))) {
    put.was_known = true;
    return put;
  }
  const NewFile file = TRY(new_file());
  TempFile temp(file.path);
  const os::Fd& fd = file.fd;
  if (auto done = os::write_fd(fd, bytes); !done)
    return std::move(done).error().context("put blob");
  TRY(install(temp.path, fd, put.digest));
  temp.path.clear();
  return put;
}

Result<PutBlob> LocalStore::put_copied(const os::Fd& source) {
  const NewFile file = TRY(new_file());
  TempFile temp(file.path);
  const os::Fd& fd = file.fd;
  auto copied = os::copy_contents(source, fd);
  if (!copied) return std::move(copied).error().context("put blob");
  PutBlob put;
  put.digest = TRY(digest::digest_fd(fd));
  put.size = TRY(os::stat_fd(fd)).size;
  if (TRY(open_blob(put.digest))) {
    put.was_known = true;
    return put;
  }
  TRY(install(temp.path, fd, put.digest));
  temp.path.clear();
  put.was_cloned = *copied == os::CopyKind::reflink;
  return put;
}

Result<PutBlob> LocalStore::put_blob(const os::Fd& source) {
  TRY(refuse_when_read_only());
  const auto id = TRY(os::stat_fd(source));
  if (!id.is_regular()) return Error{Code::invalid, 0, "only a regular file can be stored"};
  if (id.size <= kBufferedBytes) {
    const auto bytes = TRY(os::read_from_start(source, kBufferedBytes));
    if (bytes) return put_blob_bytes(*bytes);
  }
  return put_copied(source);
}

bool LocalStore::take_spare(const Digest& digest, const std::string& to, mode_t mode) {
  return options_.spares_bytes != 0 &&
         os::take_spare(layout_.spare(digest).c_str(), to.c_str(), mode);
}

Result<std::uint64_t> LocalStore::room() {
  if (options_.limit_bytes == 0) return std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t used = TRY(counters()).used_bytes();
  return options_.limit_bytes - std::min(used, options_.limit_bytes);
}

Status LocalStore::make_spares() {
  const auto key = spares_.next_wanted();
  if (!key) return {};
  std::optional<ResultRow> row;
  const Index::Body look = [&](IndexTxn& txn) -> Status {
    if (const auto bytes = TRY(txn.get(Table::results, key->digest.view())))
      row = decode_result_row(*key, *bytes);
    return {};
  };
  TRY(read(look));
  if (!row) return {};  // removed since
  const std::uint64_t room = TRY(this->room());
  for (const BlobReference& reference : row->facts.blobs) {
    if (reference.size < os::kSpareMin) continue;
    const auto blob = TRY(open_blob(reference.digest));
    if (blob && !spares_.make(reference.digest, blob->fd, reference.size, room)) break;
  }
  return {};
}

}  // namespace deja::store
