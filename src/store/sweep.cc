// SPDX-License-Identifier: Apache-2.0
// Removes unreferenced files. A sweep keeps no list of files to delete: it lists the directory and
// checks for each file whether it is referenced or may still be in use.
#include "base/path.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/process.h"
#include "store/local_store.h"

namespace deja::store {
namespace {

constexpr std::int64_t kOldManifest = 30LL * 24 * 3600 * 1'000'000'000;
constexpr std::size_t kDirectories = 256;
// maintain() sweeps one blob directory in this interval, hence all of them in 21 hours.
constexpr std::int64_t kDirectoryEvery = 300LL * 1'000'000'000;

std::string directory_name(std::size_t i) {
  const char byte = static_cast<char>(i);
  return to_hex({&byte, 1});
}

}  // namespace

// The blobs among these files that have no row and are older than the grace time.
Result<std::vector<Digest>> LocalStore::find_orphans(const std::string& directory,
                                                     const std::vector<std::string>& files) {
  const std::int64_t oldest = os::wall_ns() - options_.grace_ns;
  std::vector<Digest> orphans;
  const Index::Body look = [&](IndexTxn& txn) -> Status {
    for (const std::string& file : files) {
      const auto digest = digest_of_blob_name(directory, file);
      if (digest && !TRY(find_blob(txn, *digest))) orphans.push_back(*digest);
    }
    return {};
  };
  TRY(read(look));
  std::erase_if(orphans, [&](const Digest& digest) {
    const auto file = os::stat_file(layout_.blob(digest), os::Links::keep);
    return !file || !*file || (*file)->ctime_ns > oldest;
  });
  return orphans;
}

// Removes orphans, and names that are not those of blobs.
Status LocalStore::sweep_directory(const std::string& name, SweepReport& report) {
  const std::string directory = layout_.blobs() + "/" + name;
  const auto id = TRY(os::stat_file(directory, os::Links::keep));
  if (!id || !id->is_directory()) return {};
  const auto files = TRY(os::list_directory(directory));
  const auto orphans = TRY(find_orphans(name, files));
  for (const std::string& file : files) {
    if (digest_of_blob_name(name, file)) continue;
    TRY(os::remove_tree(join_path(directory, file)));
    ++report.stale_files;
  }
  if (orphans.empty()) return {};
  // Under the lock, so that no result can start to name one of them.
  return change([&](CatalogChange& change) -> Status {
    for (const Digest& digest : orphans) {
      if (TRY(find_blob(change.txn(), digest))) continue;
      if (TRY(os::remove_file(layout_.blob(digest)))) ++report.orphan_blobs;
    }
    return {};
  });
}

Status LocalStore::sweep_one_directory() {
  const std::int64_t now = os::wall_ns();
  if (now - TRY(counters()).swept_ns < kDirectoryEvery) return {};
  SweepReport report;
  const auto turn = static_cast<std::size_t>(now / kDirectoryEvery) % kDirectories;
  TRY(sweep_directory(directory_name(turn), report));
  TRY(sweep_temps(report));
  return change([&](CatalogChange& change) -> Status {
    change.counters.swept_ns = now;
    return {};
  });
}

// Removes files of killed processes. The pid in the name may be one of another container, so a file
// must also be old; and a very old file is stale even if a process has that pid now.
Status LocalStore::sweep_temps(SweepReport& report) {
  const std::int64_t now = os::wall_ns();
  if (!TRY(os::stat_file(layout_.tmp()))) return {};
  for (const std::string& name : TRY(os::list_directory(layout_.tmp()))) {
    const std::string path = layout_.tmp() + "/" + name;
    const auto id = TRY(os::stat_file(path, os::Links::keep));
    if (!id) continue;
    const std::int64_t age = now - id->ctime_ns;
    const auto owner = owner_of_temp(name);
    const bool is_owned = owner && os::is_running(*owner);
    if (age < options_.grace_ns || (is_owned && age < 24 * options_.grace_ns)) continue;
    TRY(os::remove_tree(path));
    ++report.stale_files;
  }
  return {};
}

Status LocalStore::sweep_manifests() {
  const std::int64_t oldest = os::wall_ns() - kOldManifest;
  std::vector<ProbeKey> old;
  TRY(read([&](IndexTxn& txn) {
    return txn.scan(Table::manifests, {}, [&](std::string_view key, std::string_view row) {
      const ProbeKey probe{Digest::from_view(key)};
      const auto manifest = decode_manifest_row(probe, row);
      const auto linked = txn.get(Table::probes, key);
      if (manifest && manifest->updated_ns < oldest && linked && !*linked) old.push_back(probe);
      return true;
    });
  }));
  if (old.empty()) return {};
  return change([&](CatalogChange& change) -> Status {
    for (const ProbeKey& probe : old) TRY(change.erase_manifest(probe));
    return {};
  });
}

Result<SweepReport> LocalStore::gc() {
  TRY(refuse_when_read_only());
  TRY(follow_replacement());
  SweepReport report;
  const std::uint64_t evicted = evicted_.load();
  TRY(flush());
  report.bytes_before = TRY(counters()).used_bytes();
  TRY(keep_low_water());
  for (std::size_t i = 0; i < kDirectories; ++i) TRY(sweep_directory(directory_name(i), report));
  TRY(sweep_temps(report));
  TRY(os::remove_tree(layout_.spares()));
  TRY(sweep_manifests());
  TRY(compact_when_due());
  report.evicted_results = evicted_.load() - evicted;
  if (report.evicted_results != 0) {
    TRY(change([](CatalogChange& change) { return change.count_removal(); }));
    withdraw_answers();
  }
  report.bytes_after = TRY(counters()).used_bytes();
  return report;
}

Status LocalStore::purge() {
  TRY(refuse_when_read_only());
  {
    const MutexLock lock(pending_mutex_);
    refreshed_.clear();
    touched_.clear();
    memos_.clear();
  }
  {
    const MutexLock lock(known_mutex_);
    known_.clear();
  }
  TRY(os::remove_tree(layout_.spares()));
  TRY(replace_by_empty(layout_, prepare_options_));
  // Those who still have the old index open look up.
  static_cast<void>(
      index_->write([](IndexTxn& txn) { return CatalogChange(txn).count_removal(); }));
  withdraw_answers();
  return index_->reopen();
}

}  // namespace deja::store
