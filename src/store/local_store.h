// SPDX-License-Identifier: Apache-2.0
// LocalStore: the store in a directory ($DEJA_DIR). Names: layout.h; bytes: rows.cc, ledger.h and
// docs/format.md; durability: docs/decisions/0002-index-durability.md.
//
// Any number of processes and threads use one directory at once. Stored data is visible to all of them
// when the call returns; it reaches the disk with sync(), or when the kernel writes it back. After a
// crash of the machine the index is rebuilt from the ledger, and each blob is hashed at its first use.
// After a kill at any instant, everything that was acknowledged is either served or absent.
//
// Rule "complete or absent": get_result() checks that each blob exists with its size; a result that
// lacks a blob is dropped. open_blob() compares the file's identity with the one recorded when its
// content was last hashed. If it differs (the file was touched), the blob is hashed again, and moved
// to quarantine/ if it does not match its name.
//
// Limit: used bytes (StoreCounters::used_bytes) are brought under limit_bytes before put_result(),
// put_manifest() and update_manifest() return. Blobs of a result that is not stored yet are not
// counted. Nothing is pinned: a reader that has opened all blobs of a result keeps them even when they
// are removed, so open all of them before writing the first output.
//
// Not usable in a forked child: calls fail there with Code::invalid.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "digest/file_digester.h"
#include "store/catalog.h"
#include "store/index.h"
#include "store/layout.h"
#include "store/ledger.h"
#include "store/memo.h"
#include "store/prepare.h"
#include "store/spares.h"
#include "store/store.h"

namespace deja::store {

struct StoreStats {
  std::uint64_t bytes = 0;
  std::uint64_t blobs = 0;
  std::uint64_t results = 0;
  std::uint64_t manifests = 0;
  std::uint64_t limit_bytes = 0;
  std::uint64_t quarantined = 0;      // files in quarantine/
  std::uint64_t damaged_records = 0;  // seen by this process
  std::uint64_t evicted = 0;          // results, by this process
  std::uint64_t index_file_bytes = 0;
  std::uint64_t ledger_bytes = 0;
  bool is_rebuilt = false;  // by this open()
  std::string last_error;
};

struct SweepReport {
  std::uint64_t evicted_results = 0;
  std::uint64_t orphan_blobs = 0;
  std::uint64_t stale_files = 0;
  std::uint64_t bytes_before = 0;
  std::uint64_t bytes_after = 0;
};

struct VerifyReport {
  std::uint64_t blobs_ok = 0;
  std::uint64_t blobs_quarantined = 0;  // damaged; only moved away when repairing
  std::uint64_t blobs_orphaned = 0;     // no result names them (yet); not a problem
  std::uint64_t blobs_missing = 0;      // named by a result, not there
  std::uint64_t results_ok = 0;
  std::uint64_t results_incomplete = 0;
  std::uint64_t records_damaged = 0;
  std::uint64_t manifests_ok = 0;
  bool counters_wrong = false;
  bool is_clean() const {
    return blobs_quarantined == 0 && blobs_missing == 0 && results_incomplete == 0 &&
           records_damaged == 0 && !counters_wrong;
  }
};

class LocalStore final : public BlobStore, public RecordStore, public digest::MemoStore {
 public:
  struct Options {
    std::string dir;
    std::uint64_t limit_bytes = 0;  // 0: none
    bool read_only = false;
    // For use inside another program: its signal handlers are left alone and nothing is forked. An
    // index that a child process would have to walk first is rebuilt; if it cannot be, open() fails.
    bool is_embedded = false;
    unsigned low_water_percent = 90;
    std::int64_t grace_ns =
        3'600'000'000'000;           // how long an unreferenced blob may wait for its result
    std::uint64_t spares_bytes = 0;  // for spares, within limit_bytes; 0: none
    std::uint64_t memo_entries_max = 1 << 18;
    // Uses within this time count as one.
    std::int64_t touch_grain_ns = 60'000'000'000;
    // How long to wait for another process that rebuilds the index; then Code::timeout.
    std::int64_t wait_ns = 2'000'000'000;
  };
  // A directory without write permission opens read-only if there is a store in it.
  static Result<std::unique_ptr<LocalStore>> open(Options options);
  ~LocalStore() override;  // flushes touches and memos

  Result<std::optional<Blob>> open_blob(const Digest& digest) override;
  Result<PutBlob> put_blob(const os::Fd& source) override;
  Result<PutBlob> put_blob_bytes(std::string_view bytes) override;
  bool take_spare(const Digest& digest, const std::string& to, mode_t mode) override;

  Result<std::optional<std::string>> get_result(const ActionKey& key) override;
  Status put_result(const ActionKey& key, std::string_view record,
                    const ResultFacts& facts) override;
  Result<bool> remove_result(const ActionKey& key) override;
  Result<std::optional<std::string>> get_manifest(const ProbeKey& key) override;
  Status put_manifest(const ProbeKey& key, std::string_view record) override;
  Status update_manifest(const ProbeKey& key, ManifestChange change, void* context) override;

  // Kept in memory until the next change, maintain() or the destructor.
  std::optional<digest::FileContent> recall(const os::FileIdentity& identity) override;
  void remember(const os::FileIdentity& identity, const digest::FileContent& content) override;
  void save() override;
  void touch(const ActionKey& key);  // the result was used now

  // Makes files for the next blobs while nobody waits. To make a file takes up to half a millisecond on ext4
  // (docs/traps/deleted-inodes.md), a quarter of what storing a small result takes.
  void make_files_ahead();
  // Makes spares of the large blobs of one result that was stored or used. Copies up to its size: for idle time.
  Status make_spares();
  bool wants_spares() const { return spares_.wants_any(); }
  // The engine calls this at intervals and at its end. Cheap if there is nothing to do.
  Status maintain();
  Status flush();  // touches, memos, newly seen identities
  // Makes everything that was stored before the call durable. Slow; for the background.
  Status sync();
  Result<SweepReport> gc();
  Status purge();
  Result<VerifyReport> verify(bool repair);
  Result<StoreStats> stats();
  // All results that are found through a manifest, in no order.
  struct Listed {
    ProbeKey probe;
    ActionKey key;
  };
  Result<std::vector<Listed>> list_results();
  // All results with what the store knows about their use, in no order.
  struct ListedUse {
    ActionKey key;
    std::int64_t last_use_ns = 0;  // wall clock; the last minute's uses may not be in it yet
    std::uint64_t bytes = 0;       // on disk, blobs that are shared with other results in full
    std::string record;
  };
  Result<std::vector<ListedUse>> list_uses();

  // Another number after results were taken out on purpose: by purge(), gc(), verify(true) or
  // remove_result(), of any process. Whoever remembers what the store has said forgets it then. No
  // system call while nobody changes the store.
  std::uint64_t epoch();
  // Is it the store that others find in the directory now? Where it is not: makes and opens that one.
  Status follow_replacement();

  bool is_read_only() const { return options_.read_only; }
  const Layout& layout() const { return layout_; }

 private:
  struct Opened {
    os::Fd fd;
    os::FileIdentity identity;
  };
  using Change = std::function<Status(CatalogChange&)>;
  explicit LocalStore(Options options);

  // local_store.cc
  Status read(const Index::Body& body);
  Status change(const Change& body);
  Status change_once(const Change& body, std::vector<std::string>& doomed);
  Status retire(CatalogChange& change, std::vector<std::string>& doomed);
  bool sees_removals(std::uint64_t& removals);
  // After results were taken out on purpose: clients must not find them in an engine's memory.
  void withdraw_answers();
  Status forget_idle_touches();  // memo.cc
  void note_error(const Error& error);
  Status refuse_when_read_only() const;

  // local_blobs.cc
  Result<std::optional<Opened>> open_file(const Digest& digest);
  Result<bool> is_recorded(const Digest& digest, const os::FileIdentity& identity);
  Result<bool> check_content(const Digest& digest, const Opened& opened);
  void know(const Digest& digest, const os::FileIdentity& identity);
  std::optional<os::FileIdentity> known(const Digest& digest);
  Status install(const std::string& temp, const os::Fd& fd, const Digest& digest);
  Status quarantine(const Digest& digest);
  Result<PutBlob> put_copied(const os::Fd& source);
  struct NewFile {  // in tmp/, empty
    std::string path;
    os::Fd fd;
    std::int64_t made_ns = 0;  // monotonic
  };
  Result<NewFile> make_file() const;
  Result<NewFile> new_file();  // one that was made ahead, or another
  std::optional<NewFile> take_file_made_ahead();
  void drop_files_made_ahead(std::int64_t before_ns);
  Result<std::uint64_t> room();  // bytes below the limit

  // local_records.cc
  Result<std::vector<BlobRow>> rows_of(const std::vector<BlobReference>& blobs);
  Result<bool> is_complete(const ResultFacts& facts);
  Status drop_result(const ActionKey& key);
  Status discard_unreferenced(const std::vector<BlobReference>& blobs);
  Status write_manifest(CatalogChange& change, const ProbeKey& key, std::string_view record);

  // eviction.cc, sweep.cc, verify.cc
  Result<VerifyReport> verify_once(bool repair);
  Status keep_limit(const ActionKey* protect);
  Status keep_low_water();
  Status make_room(std::uint64_t target_bytes, const ActionKey* protect);
  Status evict(std::uint64_t target_bytes, const ActionKey* protect);
  Status evict_manifests(std::uint64_t target_bytes);
  Status compact_ledger();
  Status compact_when_due();
  std::uint64_t low_water_bytes() const;
  Result<StoreCounters> counters();
  Result<std::vector<Digest>> find_orphans(const std::string& directory,
                                           const std::vector<std::string>& files);
  Status sweep_directory(const std::string& name, SweepReport& report);
  Status sweep_one_directory();
  Status sweep_manifests();
  Status sweep_temps(SweepReport& report);
  Result<bool> is_sound(const Digest& digest, bool& is_orphan);
  Status check_blob(VerifyReport& report, const Digest& digest, bool repair);
  Status check_blobs(VerifyReport& report, bool repair);
  Status check_results(VerifyReport& report, std::vector<ActionKey>& bad);
  Status check_manifests(VerifyReport& report, std::vector<ProbeKey>& bad);
  Status recount(VerifyReport& report, bool repair);

  // Constant after construction.
  const Options options_;
  const Layout layout_;
  PrepareOptions prepare_options_;
  int pid_ = 0;
  std::shared_ptr<Index> index_;
  bool is_unverified_ = false;
  bool is_rebuilt_ = false;

  // Provides its own synchronization.
  Ledger ledger_;
  Spares spares_;
  std::atomic<std::uint64_t> damaged_records_{0};
  std::atomic<std::uint64_t> evicted_{0};
  std::atomic<bool> is_damaged_{false};  // the index, as reported by LMDB or a row

  // Facts that stay true whatever other processes do: a file with this identity has this content.
  Mutex known_mutex_;
  std::unordered_map<Digest, os::FileIdentity> known_ GUARDED_BY(known_mutex_);

  Mutex ahead_mutex_;
  std::vector<NewFile> ahead_ GUARDED_BY(ahead_mutex_);

  // Pending writes, for the next change.
  Mutex pending_mutex_;
  std::unordered_map<Digest, os::FileIdentity> refreshed_ GUARDED_BY(pending_mutex_);
  Touches touched_ GUARDED_BY(pending_mutex_);
  Memos memos_ GUARDED_BY(pending_mutex_);

  // What epoch() has last looked at, and what it said.
  Mutex epoch_mutex_;
  Index::Stamp looked_at_ GUARDED_BY(epoch_mutex_);
  std::uint64_t removals_ GUARDED_BY(epoch_mutex_) = 0;
  std::uint64_t epoch_ GUARDED_BY(epoch_mutex_) = 0;

  Mutex error_mutex_;
  std::string last_error_ GUARDED_BY(error_mutex_);
};

}  // namespace deja::store
