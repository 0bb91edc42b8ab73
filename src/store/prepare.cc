// SPDX-License-Identifier: Apache-2.0
// Creates, checks and replaces a store's directory. A trusted index is opened as it is; otherwise it is
// rebuilt from the ledger under the directory's lock, in a temporary directory that is then renamed, so
// that a kill leaves either the old or the new index.
#include "store/prepare.h"

#include <charconv>
#include <chrono>
#include <thread>

#include "base/log.h"
#include "os/cache_directory.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lock.h"
#include "store/catalog.h"
#include "store/ledger.h"

namespace deja::store {
namespace {

constexpr std::size_t kBatchBytes = 4 << 20;

std::string format_text() {
  return std::string(kFormatPrefix) + std::to_string(kFormatVersion) + "\n";
}

enum class Format { ours, absent, foreign };

Result<Format> read_format(const Layout& layout) {
  const auto id = TRY(os::stat_file(layout.format()));
  if (!id) return Format::absent;
  constexpr std::uint64_t kMax = 4096;
  if (!id->is_regular() || id->size > kMax) return Format::foreign;
  auto text = TRY(os::read_file_if_exists(layout.format(), kMax));
  if (!text) return Format::absent;
  if (*text == format_text()) return Format::ours;
  unsigned version = 0;
  const std::string_view rest =
      std::string_view(*text).substr(std::min(kFormatPrefix.size(), text->size()));
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), version);
  if (text->starts_with(kFormatPrefix) && parsed.ec == std::errc() && version > kFormatVersion) {
    return Error{Code::invalid, 0,
                 "store " + layout.root() + " has format " + std::to_string(version) +
                     ", made by a newer deja; this one knows " + std::to_string(kFormatVersion) +
                     ": use the newer deja, or set DEJA_DIR"};
  }
  return Format::foreign;
}

// Moves the store's directories, whose format is unknown, into old/. Only the latest set is kept,
// because disk use is bounded.
Status set_aside(const Layout& layout) {
  TRY(os::remove_tree(layout.set_aside()));
  TRY(os::make_directory(layout.set_aside()));
  for (const std::string& path :
       {layout.index(), layout.blobs(), layout.ledger(), layout.quarantine(), layout.format()}) {
    if (!TRY(os::stat_file(path, os::Links::keep))) continue;
    TRY(os::rename_file(path, layout.set_aside() + path.substr(layout.root().size())));
  }
  DEJA_LOG_LINE("store of an unknown format set aside: " + layout.set_aside());
  return {};
}

Status claim_root(const Layout& layout) {
  const os::CacheDirectory claim = os::claim_cache_directory(layout.root().c_str());
  if (claim == os::CacheDirectory::ours) return {};
  return Error{Code::denied, 0, layout.root() + ": " + os::describe(claim)};
}

Status make_directories(const Layout& layout) {
  for (const std::string& path :
       {layout.blobs(), layout.ledger(), layout.tmp(), layout.quarantine()}) {
    TRY(os::make_directories(path));
    // Following a link would write, and remove, in another place.
    const auto made = TRY(os::stat_file(path, os::Links::keep));
    if (!made || !made->is_directory())
      return Error{Code::denied, 0, path + " is not a directory; run 'deja verify --repair'"};
  }
  return {};
}

Result<os::Fd> lock_with_deadline(const Layout& layout, std::int64_t wait_ns) {
  const std::int64_t deadline = os::monotonic_ns() + wait_ns;
  for (;;) {
    auto lock = TRY(os::try_lock_file(layout.lock()));
    if (lock) return lock;
    if (os::monotonic_ns() > deadline)
      return Error{Code::timeout, 0,
                   "another process is rebuilding the index of the store " + layout.root()};
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Status apply_result(const Layout& layout, CatalogChange& change, const LedgerFrame& frame) {
  const ActionKey key{frame.key};
  auto row = decode_result_row(key, frame.row);
  if (!row) return {};
  deduplicate(row->facts.blobs);
  std::vector<BlobRow> blobs;
  for (const BlobReference& blob : row->facts.blobs) {
    const auto id = TRY(os::stat_file(layout.blob(blob.digest), os::Links::keep));
    if (!id || id->size != blob.size) return {};
    // No identity: the content may not have reached the disk, so it is hashed at its first use.
    blobs.push_back({.size = blob.size, .references = 0, .identity = {}});
  }
  return change.insert_result({key, frame.row, row->facts, blobs, os::wall_ns()});
}

Status apply_frame(const Layout& layout, CatalogChange& change, const LedgerFrame& frame) {
  switch (frame.kind) {
    case FrameKind::result:
      return apply_result(layout, change, frame);
    case FrameKind::manifest:
      if (!decode_manifest_row(ProbeKey{frame.key}, frame.row)) return {};
      return change.put_manifest(ProbeKey{frame.key}, frame.row);
    case FrameKind::removed_result:
      TRY(change.erase_result(ActionKey{frame.key}));
      return {};
  }
  return {};  // a kind of frame of a later version
}

// Inserts in the order of keys, so that each page of the large tables is written once.
Status fill_from_ledger(const Layout& layout, Index& index) {
  const LedgerImage image = TRY(LedgerImage::read(layout));
  auto next = image.frames().begin();
  while (next != image.frames().end()) {
    const auto first = next;
    const Index::Body fill_some = [&](IndexTxn& txn) -> Status {
      CatalogChange change(txn);
      TRY(change.load());
      std::size_t bytes = 0;
      for (next = first; next != image.frames().end() && bytes < kBatchBytes; ++next) {
        TRY(apply_frame(layout, change, *next));
        bytes += next->row.size();
      }
      return change.store();
    };
    TRY(index.write(fill_some));
  }
  return {};
}

// Moves the present index (if any) away and the new one in. A process that comes in between finds
// none, and waits for the lock that the caller holds.
Status install_index(const Layout& layout, const std::string& made) {
  const std::string old = layout.new_temp();
  if (TRY(os::stat_file(layout.index(), os::Links::keep)))
    TRY(os::rename_file(layout.index(), old));
  TRY(os::rename_file(made, layout.index()));
  return os::remove_tree(old);
}

Status set_ledger(Index& index, std::uint64_t number, std::uint64_t bytes) {
  return index.write([&](IndexTxn& txn) -> Status {
    CatalogChange change(txn);
    TRY(change.load());
    change.counters.ledger_number = number;
    change.counters.ledger_bytes = bytes;
    return change.store();
  });
}

// REQUIRES: the directory's lock is held.
Status rebuild_index(const Layout& layout) {
  const std::string made = layout.new_temp();
  const auto build = [&]() -> Status {
    const auto index = TRY(Index::create(made));
    TRY(fill_from_ledger(layout, *index));
    // A new log number, so that the old log is complete; old files stay until compaction.
    const LedgerFiles files = TRY(find_ledger_files(layout));
    return set_ledger(*index, files.last + 1, files.bytes);
  };
  auto done = build();
  if (done) done = install_index(layout, made);
  if (!done) ignore(os::remove_tree(made), "the first failure is reported");
  return done;
}

Result<PreparedStore> prepare_read_only(const Layout& layout, const PrepareOptions& options) {
  if (TRY(read_format(layout)) != Format::ours)
    return Error{Code::invalid, 0, "there is no store in " + layout.root()};
  const IndexHealth health = TRY(check_index(layout.index()));
  PreparedStore prepared;
  if (health == IndexHealth::sound) return prepared;
  // A read-only store cannot be rebuilt. But rows carry checksums and blobs are hashed before use, so
  // an index that can be walked at all gives no wrong answer.
  if (health == IndexHealth::absent || health == IndexHealth::damaged || options.is_embedded ||
      !survives_walk(layout.index()))
    return Error{Code::corrupt, 0,
                 "the store " + layout.root() + " cannot be written, and its index is " +
                     health_name(health)};
  prepared.is_unverified = true;
  return prepared;
}

// REQUIRES: the directory's lock is held.
Result<bool> make_trusted(const Layout& layout, const PrepareOptions& options) {
  const IndexHealth health =
      options.distrusts_index ? IndexHealth::damaged : TRY(check_index(layout.index()));
  if (health == IndexHealth::sound) return false;  // another process was faster
  if (health == IndexHealth::suspect && !options.is_embedded && survives_walk(layout.index())) {
    TRY(os::remove_file(suspect_path(layout.index())));
    return false;
  }
  DEJA_LOG_LINE(std::string("store index is ") + health_name(health) +
                "; rebuilding it: " + layout.root());
  TRY(rebuild_index(layout));
  return true;
}

}  // namespace

Status write_ledger_base(const Layout& layout, Index& index, std::uint64_t number,
                         std::uint64_t& bytes) {
  const std::string temp = layout.new_temp();
  const os::Fd fd = TRY(os::create_file(temp, 0600));
  const auto write_table = [&](Table table, FrameKind kind) -> Status {
    std::string from;
    for (bool more = true; more;) {
      std::string frames;
      more = false;
      TRY(index.read([&](IndexTxn& txn) {
        return txn.scan(table, from, [&](std::string_view key, std::string_view row) {
          if (frames.size() >= kBatchBytes) {
            from = key;
            more = true;
            return false;
          }
          frames += encode_frame(kind, Digest::from_view(key), row);
          return true;
        });
      }));
      TRY(os::write_fd(fd, frames));
      bytes += frames.size();
    }
    return {};
  };
  auto done = write_table(Table::results, FrameKind::result);
  if (done) done = write_table(Table::manifests, FrameKind::manifest);
  if (done) done = os::sync_fd(fd);  // it replaces files that may already be on disk
  if (done) done = os::rename_file(temp, layout.ledger_base(number));
  if (!done) {
    ignore(os::remove_file(temp), "the first failure is reported");
    return done;
  }
  const LedgerFiles files = TRY(find_ledger_files(layout));
  for (const std::string& path : files.superseded) TRY(os::remove_file(path));
  return {};
}

Result<PreparedStore> prepare_store(const Layout& layout, const PrepareOptions& options) {
  if (options.read_only) return prepare_read_only(layout, options);
  if (!options.distrusts_index && TRY(read_format(layout)) == Format::ours &&
      TRY(check_index(layout.index())) == IndexHealth::sound)
    return PreparedStore();
  TRY(claim_root(layout));
  const os::Fd lock = TRY(lock_with_deadline(layout, options.wait_ns));
  const Format format = TRY(read_format(layout));
  const bool has_index = TRY(os::stat_file(layout.index(), os::Links::keep)).has_value();
  if (format == Format::foreign || (format == Format::absent && has_index)) TRY(set_aside(layout));
  TRY(make_directories(layout));
  if (format != Format::ours) TRY(os::write_file_atomic(layout.format(), format_text()));
  PreparedStore prepared;
  prepared.is_rebuilt = TRY(make_trusted(layout, options));
  return prepared;
}

Result<bool> has_unknown_format(const Layout& layout) {
  switch (TRY(read_format(layout))) {
    case Format::ours:
      return false;
    case Format::foreign:
      return true;
    case Format::absent:
      break;
  }
  for (const std::string& path : {layout.index(), layout.blobs()})
    if (TRY(os::stat_file(path, os::Links::keep))) return true;
  return false;
}

Status set_store_aside(const Layout& layout, const PrepareOptions& options) {
  TRY(read_format(layout));
  TRY(claim_root(layout));
  const os::Fd lock = TRY(lock_with_deadline(layout, options.wait_ns));
  return set_aside(layout);
}

Status replace_by_empty(const Layout& layout, const PrepareOptions& options) {
  const os::Fd lock = TRY(lock_with_deadline(layout, options.wait_ns));
  TRY(make_directories(layout));
  const std::string made = layout.new_temp();
  const std::uint64_t number = TRY(find_ledger_files(layout)).last + 1;
  {
    const auto index = TRY(Index::create(made));
    TRY(set_ledger(*index, number, 0));
  }
  // The ledger first, so that nothing can be rebuilt from it; then the index, which empties the store;
  // then all files that are no longer referenced. Directories are renamed whole, because removing
  // them takes time.
  std::vector<std::string> doomed;
  const auto move_away = [&](const std::string& path) -> Status {
    doomed.push_back(layout.new_temp());
    return os::rename_file(path, doomed.back());
  };
  TRY(move_away(layout.ledger()));
  TRY(install_index(layout, made));
  TRY(move_away(layout.blobs()));
  TRY(move_away(layout.quarantine()));
  TRY(make_directories(layout));
  doomed.push_back(layout.set_aside());
  for (const std::string& path : doomed) {
    auto removed = os::remove_tree(path);
    // A process that has not noticed the purge still writes there; a sweep removes it later.
    if (!removed && removed.error().sys_errno != ENOTEMPTY) return removed;
  }
  return {};
}

}  // namespace deja::store
