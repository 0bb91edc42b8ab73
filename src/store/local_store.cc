// SPDX-License-Identifier: Apache-2.0
// Opening, the single path of all changes, and pending writes. Blobs: local_blobs.cc; results and
// manifests: local_records.cc; memo: memo.cc; limit: eviction.cc; maintenance: sweep.cc, verify.cc.
#include "store/local_store.h"

#include <unistd.h>

#include <limits>

#include "base/log.h"
#include "os/disk.h"
#include "os/file.h"

namespace deja::store {
namespace {

// Removing a file this large takes the file system noticeable time. It is only renamed while other
// processes wait for the index, and removed afterwards.
constexpr std::uint64_t kSlowToRemove = 1 << 20;

bool is_writable(const std::string& dir) { return ::access(dir.c_str(), W_OK | X_OK) == 0; }

}  // namespace

LocalStore::LocalStore(Options options)
    : options_(std::move(options)),
      layout_(options_.dir),
      ledger_(layout_),
      spares_(layout_.spares(), options_.read_only ? 0 : options_.spares_bytes) {
  prepare_options_.read_only = options_.read_only;
  prepare_options_.is_embedded = options_.is_embedded;
  prepare_options_.wait_ns = options_.wait_ns;
  pid_ = ::getpid();
}

Result<std::unique_ptr<LocalStore>> LocalStore::open(Options options) {
  if (options.dir.empty() || options.dir[0] != '/')
    return Error{Code::invalid, 0, "the store's directory is not an absolute path: " + options.dir};
  const bool is_there = TRY(os::stat_file(options.dir)).has_value();
  if (is_there && !is_writable(options.dir)) options.read_only = true;
  std::unique_ptr<LocalStore> store(new LocalStore(std::move(options)));
  const bool read_only = store->options_.read_only;
  const auto access = read_only ? Index::Access::read_only : Index::Access::read_write;
  const PreparedStore prepared = TRY(prepare_store(store->layout_, store->prepare_options_));
  store->is_rebuilt_ = prepared.is_rebuilt;
  store->is_unverified_ = prepared.is_unverified;
  const bool is_embedded = store->options_.is_embedded;
  auto index = Index::open(store->layout_.index(), access, is_embedded);
  if (!index && index.error().code == Code::corrupt && !read_only) {
    // LMDB refuses an index that looked sound: rebuild it from the ledger.
    ignore(mark_index_damaged(store->layout_.index()), "the second open then fails, too");
    TRY(prepare_store(store->layout_, store->prepare_options_));
    index = Index::open(store->layout_.index(), access, is_embedded);
    store->is_rebuilt_ = true;
  }
  store->index_ = TRY(std::move(index));
  return store;
}

LocalStore::~LocalStore() {
  drop_files_made_ahead(std::numeric_limits<std::int64_t>::max());
  if (auto done = flush(); !done) DEJA_LOG_LINE("store: " + done.error().message);
}

Status LocalStore::refuse_when_read_only() const {
  if (!options_.read_only) return {};
  return Error{Code::denied, EROFS, "the store is read-only: " + layout_.root()};
}

void LocalStore::note_error(const Error& error) {
  DEJA_LOG_LINE("store: " + error.message);
  if (error.code == Code::corrupt) {
    is_damaged_ = true;
    // Also for later processes; but an index that replaced ours is not the damaged one.
    if (!options_.read_only && !index_->is_replaced())
      ignore(mark_index_damaged(layout_.index()), "this process rebuilds it anyway");
  }
  const MutexLock lock(error_mutex_);
  last_error_ = error.message;
}

// Reopens the index after another process purged the store, rebuilt its index or removed the whole
// directory, or after damage was found during use.
Status LocalStore::follow_replacement() {
  const bool is_damaged = is_damaged_.exchange(false);
  if (!is_damaged && !index_->is_replaced()) return {};
  if (!options_.read_only) TRY(prepare_store(layout_, prepare_options_));
  return index_->reopen();
}

// False if the number cannot be read.
bool LocalStore::sees_removals(std::uint64_t& removals) {
  if (index_->is_replaced() && !follow_replacement()) return false;
  const auto done = index_->read([&](IndexTxn& txn) -> Status {
    removals = TRY(read_removals(txn));
    return {};
  });
  return static_cast<bool>(done);
}

void LocalStore::withdraw_answers() {
  ignore(os::remove_file(layout_.answers()), "where this fails, nothing was taken out either");
}

// The stamp is read first, so that the next call sees a change made after it.
std::uint64_t LocalStore::epoch() {
  const MutexLock lock(epoch_mutex_);
  const Index::Stamp before = index_->stamp();
  if (before == looked_at_) return epoch_;
  std::uint64_t removals = 0;
  const bool is_known = sees_removals(removals);
  const Index::Stamp now = {index_->stamp().opened, before.txn};
  if (!is_known || removals != removals_ || now.opened != looked_at_.opened) ++epoch_;
  removals_ = removals;
  looked_at_ = now;
  return epoch_;
}

// If LMDB reports that the index is damaged, it is rebuilt and read once more.
Status LocalStore::read(const Index::Body& body) {
  auto done = index_->read(body);
  if (done) return done;
  note_error(done.error());
  if (!is_damaged_ || options_.read_only) return done;
  TRY(follow_replacement());
  return index_->read(body);
}

Status LocalStore::change(const Change& body) {
  TRY(refuse_when_read_only());
  std::vector<std::string> doomed;
  auto done = follow_replacement();
  if (done) done = change_once(body, doomed);
  if (!done) note_error(done.error());
  if (is_damaged_) {
    done = follow_replacement();
    if (done) done = change_once(body, doomed);
  }
  for (const std::string& path : doomed) ignore(os::remove_file(path), "a sweep removes it");
  return done;
}

Status LocalStore::change_once(const Change& body, std::vector<std::string>& doomed) {
  decltype(refreshed_) refreshed;
  decltype(touched_) touched;
  decltype(memos_) memos;
  {
    const MutexLock lock(pending_mutex_);
    refreshed.swap(refreshed_);
    touched.swap(touched_);
    memos.swap(memos_);
  }
  return index_->write([&](IndexTxn& txn) -> Status {
    CatalogChange change(txn);
    TRY(change.load());
    if (change.counters.is_clean != 0) {
      TRY(index_->mark_dirty());
      change.counters.is_clean = 0;
    }
    TRY(body(change));
    for (const auto& [digest, identity] : refreshed) TRY(change.refresh_blob(digest, identity));
    TRY(write_touches(change, touched, options_.touch_grain_ns));
    TRY(write_memos(change, memos, options_.memo_entries_max));
    TRY(retire(change, doomed));
    return change.store();
  });
}

// Moves the files of blobs without a row away, under the lock that keeps other processes from giving
// them a new row. If the commit then fails, results that name them are incomplete, hence absent.
Status LocalStore::retire(CatalogChange& change, std::vector<std::string>& doomed) {
  for (const FreedBlob& blob : TRY(change.freed())) {
    const std::string path = layout_.blob(blob.digest);
    {
      const MutexLock lock(known_mutex_);
      known_.erase(blob.digest);
    }
    // A file that cannot be removed is an orphan; that is no reason to keep the result.
    if (blob.size < kSlowToRemove) {
      if (!os::remove_file(path)) ignore(os::remove_tree(path), "a sweep removes it");
      continue;
    }
    const std::string temp = layout_.new_temp();
    if (os::rename_file(path, temp)) doomed.push_back(temp);
  }
  return {};
}

Result<StoreCounters> LocalStore::counters() {
  StoreCounters counters;
  const Index::Body look = [&](IndexTxn& txn) -> Status {
    counters = TRY(read_counters(txn));
    return {};
  };
  TRY(read(look));
  return counters;
}

Status LocalStore::flush() {
  if (options_.read_only || ::getpid() != pid_) return {};
  {
    const MutexLock lock(pending_mutex_);
    if (refreshed_.empty() && touched_.empty() && memos_.empty()) return {};
  }
  TRY(forget_idle_touches());
  {
    const MutexLock lock(pending_mutex_);
    if (refreshed_.empty() && touched_.empty() && memos_.empty()) return {};
  }
  return change([](CatalogChange&) { return Status(); });
}

// If there is nothing to do, it costs one read of the counters.
Status LocalStore::maintain() {
  TRY(flush());
  if (options_.read_only) return {};
  TRY(follow_replacement());
  TRY(keep_low_water());
  if (options_.spares_bytes != 0) spares_.shrink(std::min(options_.spares_bytes, TRY(room())));
  TRY(compact_when_due());
  return sweep_one_directory();
}

Status LocalStore::sync() {
  TRY(refuse_when_read_only());
  TRY(flush());
  if (TRY(counters()).is_clean != 0) return {};
  // 1. Set a mark that any other change removes, together with the "clean" on disk.
  std::uint64_t marked = 0;
  const Index::Body mark = [&](IndexTxn& txn) -> Status {
    CatalogChange change(txn);
    TRY(change.load());
    change.counters.is_clean = 1;
    marked = txn.id();
    return change.store();
  };
  TRY(index_->write(mark));
  // 2. Write everything up to that mark to disk: blobs, ledger, index.
  const os::Fd directory = TRY(os::open_directory(layout_.root()));
  TRY(os::sync_file_system(directory));
  // 3. If no process committed since: record that. Writing nothing, this uses no transaction number.
  return index_->write([&](IndexTxn& txn) -> Status {
    if (txn.id() != marked + 1) return {};
    return index_->mark_clean(marked);
  });
}

Result<StoreStats> LocalStore::stats() {
  StoreStats stats;
  const StoreCounters now = TRY(counters());
  stats.bytes = now.used_bytes();
  stats.blobs = now.blobs;
  stats.results = now.results;
  stats.manifests = now.manifests;
  stats.limit_bytes = options_.limit_bytes;
  stats.ledger_bytes = now.ledger_bytes;
  stats.index_file_bytes = index_->file_bytes();
  stats.damaged_records = damaged_records_.load();
  stats.evicted = evicted_.load();
  stats.is_rebuilt = is_rebuilt_;
  if (auto names = os::list_directory(layout_.quarantine()); names)
    stats.quarantined = names->size();
  const MutexLock lock(error_mutex_);
  stats.last_error = last_error_;
  return stats;
}

}  // namespace deja::store
