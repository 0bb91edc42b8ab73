// SPDX-License-Identifier: Apache-2.0
// verify(): reads and compares everything. Without repair nothing is changed. With it, damaged blobs
// go to quarantine, results that cannot be served are dropped, and all counts are recomputed.
#include <map>
#include <unordered_map>

#include "base/bytes.h"
#include "digest/hasher.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/local_store.h"

namespace deja::store {
namespace {

// A larger blob that no result names is hashed only when it is used.
constexpr std::uint64_t kOrphanReadMax = 256 << 20;

// The expected content of the tables, counted from the results alone.
struct Recount {
  std::unordered_map<Digest, BlobRow> blobs;  // size and references
  std::unordered_map<Digest, std::uint32_t> probes;
  StoreCounters counters;
};

Status count_results(const IndexTxn& txn, Recount& count) {
  return txn.scan(Table::results, {}, [&](std::string_view key, std::string_view bytes) {
    ++count.counters.results;
    count.counters.record_bytes += row_disk_bytes(bytes.size());
    count.counters.ledger_live += ledger_frame_bytes(bytes.size());
    auto row = decode_result_row(ActionKey{Digest::from_view(key)}, bytes);
    if (!row) return true;
    deduplicate(row->facts.blobs);
    for (const BlobReference& blob : row->facts.blobs) {
      BlobRow& counted = count.blobs[blob.digest];
      counted.size = blob.size;
      ++counted.references;
    }
    if (row->facts.probe) ++count.probes[row->facts.probe->digest];
    return true;
  });
}

Result<Recount> recount_all(const IndexTxn& txn) {
  Recount count;
  TRY(count_results(txn, count));
  TRY(txn.scan(Table::manifests, {}, [&](std::string_view, std::string_view bytes) {
    ++count.counters.manifests;
    count.counters.record_bytes += row_disk_bytes(bytes.size());
    count.counters.ledger_live += ledger_frame_bytes(bytes.size());
    return true;
  }));
  count.counters.blobs = count.blobs.size();
  for (const auto& [digest, row] : count.blobs)
    count.counters.blob_bytes += blob_disk_bytes(row.size);
  return count;
}

bool is_equal(const StoreCounters& a, const StoreCounters& b) {
  return a.blobs == b.blobs && a.blob_bytes == b.blob_bytes && a.results == b.results &&
         a.manifests == b.manifests && a.record_bytes == b.record_bytes &&
         a.ledger_live == b.ledger_live;
}

// The digests of blob rows that differ from the count.
Result<std::vector<Digest>> wrong_blob_rows(const IndexTxn& txn, const Recount& count) {
  std::vector<Digest> wrong;
  std::size_t seen = 0;
  TRY(txn.scan(Table::blobs, {}, [&](std::string_view key, std::string_view bytes) {
    const Digest digest = Digest::from_view(key);
    const auto row = decode_blob_row(digest, bytes);
    const auto it = count.blobs.find(digest);
    const bool is_right = row && it != count.blobs.end() && row->size == it->second.size &&
                          row->references == it->second.references;
    if (is_right)
      ++seen;
    else
      wrong.push_back(digest);
    return true;
  }));
  if (seen == count.blobs.size()) return wrong;
  for (const auto& [digest, row] : count.blobs)
    if (!TRY(txn.get(Table::blobs, digest.view()))) wrong.push_back(digest);
  return wrong;
}

Status rewrite_blob_rows(CatalogChange& change, const Recount& count,
                         const std::vector<Digest>& wrong) {
  for (const Digest& digest : wrong) {
    const auto it = count.blobs.find(digest);
    if (it == count.blobs.end()) {
      const auto present = TRY(find_blob(change.txn(), digest));
      if (present)
        TRY(change.erase_blob_row(digest));
      else
        TRY(change.txn().erase(Table::blobs, digest.view()));
      continue;
    }
    BlobRow row = it->second;  // without identity: hashed at its next use
    if (const auto present = TRY(find_blob(change.txn(), digest));
        present && present->size == row.size)
      row.identity = present->identity;
    TRY(change.txn().put(Table::blobs, digest.view(), encode_blob_row(digest, row)));
  }
  return {};
}

Status rewrite_probes(CatalogChange& change, const Recount& count) {
  TRY(change.txn().clear(Table::probes));
  for (const auto& [probe, results] : count.probes) {
    Encoder e;
    e.u32(results);
    TRY(change.txn().put(Table::probes, probe.view(), e.view()));
  }
  return {};
}

// Makes a usage row for every result, and removes all others.
Status rewrite_usage(CatalogChange& change) {
  std::vector<std::pair<std::string, UsageRow>> missing;
  TRY(change.txn().scan(Table::results, {}, [&](std::string_view key, std::string_view bytes) {
    const auto usage = change.txn().get(Table::usage, key);
    if (usage && *usage && decode_usage_row(key, **usage)) return true;
    UsageRow row;
    row.last_use_ns = os::wall_ns();
    row.bytes = row_disk_bytes(bytes.size());
    row.value = change.counters.inflation;
    missing.emplace_back(key, row);
    return true;
  }));
  std::vector<std::string> extra;
  TRY(change.txn().scan(Table::usage, {}, [&](std::string_view key, std::string_view) {
    const auto result = change.txn().get(Table::results, key);
    if (result && !*result) extra.emplace_back(key);
    return true;
  }));
  for (const auto& [key, row] : missing)
    TRY(change.txn().put(Table::usage, key, encode_usage_row(key, row)));
  for (const std::string& key : extra) TRY(change.txn().erase(Table::usage, key));
  return {};
}

}  // namespace

Result<bool> LocalStore::is_sound(const Digest& digest, bool& is_orphan) {
  const auto opened = TRY(open_file(digest));
  if (!opened) return true;  // evicted since
  std::optional<BlobRow> row;
  const Index::Body look = [&](IndexTxn& txn) -> Status {
    row = TRY(find_blob(txn, digest));
    return {};
  };
  TRY(read(look));
  is_orphan = !row;
  const os::FileIdentity& identity = opened->identity;
  if (!identity.is_regular() || (row && row->size != identity.size)) return false;
  // A sparse file of any length is quickly made, but takes long to read.
  if (!row && identity.size > kOrphanReadMax) return true;
  return TRY(digest::digest_fd(opened->fd)) == digest;
}

// An unreadable blob counts as damaged.
Status LocalStore::check_blob(VerifyReport& report, const Digest& digest, bool repair) {
  bool is_orphan = false;
  const auto sound = is_sound(digest, is_orphan);
  if (!sound && sound.error().code == Code::corrupt) return sound.error();  // the index
  if (sound && *sound) {
    ++report.blobs_ok;
    if (is_orphan) ++report.blobs_orphaned;
    return {};
  }
  ++report.blobs_quarantined;
  return repair ? quarantine(digest) : Status();
}

Status LocalStore::check_blobs(VerifyReport& report, bool repair) {
  // mend_directory handles a name that is not a directory; one may be missing, also after half a purge.
  const auto names_in = [](const std::string& path) {
    auto names = os::list_directory(path);
    return names ? *std::move(names) : std::vector<std::string>();
  };
  for (const std::string& directory : names_in(layout_.blobs())) {
    for (const std::string& name : names_in(layout_.blobs() + "/" + directory)) {
      if (const auto digest = digest_of_blob_name(directory, name))
        TRY(check_blob(report, *digest, repair));
    }
  }
  return {};
}

Status LocalStore::check_results(VerifyReport& report, std::vector<ActionKey>& bad) {
  std::map<ActionKey, ResultFacts> facts;
  TRY(read([&](IndexTxn& txn) {
    return txn.scan(Table::results, {}, [&](std::string_view bytes_of_key, std::string_view bytes) {
      const ActionKey key{Digest::from_view(bytes_of_key)};
      auto row = decode_result_row(key, bytes);
      if (row) {
        facts[key] = std::move(row->facts);
      } else {
        ++report.records_damaged;
        bad.push_back(key);
      }
      return true;
    });
  }));
  // Outside of the transaction, because stat of many files takes time.
  for (const auto& [key, fact] : facts) {
    const auto complete = is_complete(fact);
    if (complete && *complete) {
      ++report.results_ok;
      continue;
    }
    ++report.results_incomplete;
    bad.push_back(key);
    for (const BlobReference& blob : fact.blobs) {
      const auto there = is_complete({.blobs = {blob}, .cost_ns = 0, .probe = {}});
      if (!there || !*there) ++report.blobs_missing;
    }
  }
  return {};
}

Result<std::vector<LocalStore::Listed>> LocalStore::list_results() {
  std::vector<Listed> all;
  TRY(read([&](IndexTxn& txn) {
    return txn.scan(Table::results, {}, [&](std::string_view bytes_of_key, std::string_view bytes) {
      const ActionKey key{Digest::from_view(bytes_of_key)};
      const auto row = decode_result_row(key, bytes);
      if (row && row->facts.probe) all.push_back({*row->facts.probe, key});
      return true;
    });
  }));
  return all;
}

Result<std::vector<LocalStore::ListedUse>> LocalStore::list_uses() {
  std::vector<ListedUse> all;
  TRY(read([&](IndexTxn& txn) {
    all.clear();
    return txn.scan(Table::usage, {}, [&](std::string_view bytes_of_key, std::string_view bytes) {
      const auto usage = decode_usage_row(bytes_of_key, bytes);
      const auto row_bytes = txn.get(Table::results, bytes_of_key);
      if (!usage || !row_bytes || !*row_bytes) return true;
      const ActionKey key{Digest::from_view(bytes_of_key)};
      if (const auto row = decode_result_row(key, **row_bytes))
        all.push_back({key, usage->last_use_ns, usage->bytes, std::string(row->record)});
      return true;
    });
  }));
  return all;
}

Status LocalStore::check_manifests(VerifyReport& report, std::vector<ProbeKey>& bad) {
  return read([&](IndexTxn& txn) {
    return txn.scan(Table::manifests, {},
                    [&](std::string_view bytes_of_key, std::string_view bytes) {
                      const ProbeKey key{Digest::from_view(bytes_of_key)};
                      if (decode_manifest_row(key, bytes)) {
                        ++report.manifests_ok;
                      } else {
                        ++report.records_damaged;
                        bad.push_back(key);
                      }
                      return true;
                    });
  });
}

Status LocalStore::recount(VerifyReport& report, bool repair) {
  const auto compare = [&](IndexTxn& txn, Recount& count, std::vector<Digest>& wrong) -> Status {
    count = TRY(recount_all(txn));
    wrong = TRY(wrong_blob_rows(txn, count));
    if (!wrong.empty() || !is_equal(count.counters, TRY(read_counters(txn))))
      report.counters_wrong = true;
    return {};
  };
  Recount count;
  std::vector<Digest> wrong;
  if (!repair) return read([&](IndexTxn& txn) { return compare(txn, count, wrong); });
  return change([&](CatalogChange& change) -> Status {
    TRY(compare(change.txn(), count, wrong));
    TRY(rewrite_blob_rows(change, count, wrong));
    TRY(rewrite_probes(change, count));
    TRY(rewrite_usage(change));
    change.counters.blobs = count.counters.blobs;
    change.counters.blob_bytes = count.counters.blob_bytes;
    change.counters.results = count.counters.results;
    change.counters.manifests = count.counters.manifests;
    change.counters.record_bytes = count.counters.record_bytes;
    change.counters.ledger_live = count.counters.ledger_live;
    return {};
  });
}

Result<VerifyReport> LocalStore::verify(bool repair) {
  if (repair) TRY(refuse_when_read_only());
  const VerifyReport report = TRY(verify_once(repair));
  if (!repair || report.is_clean() || TRY(verify_once(false)).is_clean()) return report;
  // A row whose key was overwritten is met by a scan, but not found under its key, so it cannot be removed. Then
  // the whole index is made again.
  note_error({Code::corrupt, 0, "the index still has damaged rows after a repair"});
  TRY(verify_once(true));
  return report;
}

Result<VerifyReport> LocalStore::verify_once(bool repair) {
  TRY(follow_replacement());
  VerifyReport report;
  std::vector<ActionKey> bad_results;
  std::vector<ProbeKey> bad_manifests;
  TRY(check_blobs(report, repair));
  TRY(check_results(report, bad_results));
  TRY(check_manifests(report, bad_manifests));
  if (repair) {
    for (const ActionKey& key : bad_results) TRY(drop_result(key));
    const Change erase = [&](CatalogChange& change) -> Status {
      for (const ProbeKey& key : bad_manifests) TRY(change.erase_manifest(key));
      return report.is_clean() ? Status() : change.count_removal();
    };
    TRY(change(erase));
    if (!report.is_clean()) withdraw_answers();
  }
  TRY(recount(report, repair));
  return report;
}

}  // namespace deja::store
