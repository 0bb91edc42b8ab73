// Results and manifests of the local store.
#include "os/clock.h"
#include "os/file.h"
#include "store/local_store.h"

namespace deja::store {

// One stat a blob. What a file of the right size holds is open_blob()'s to judge.
Result<bool> LocalStore::is_complete(const ResultFacts& facts) {
  for (const BlobReference& blob : facts.blobs) {
    const auto looked = os::stat_file(layout_.blob(blob.digest), os::Links::keep);
    // What cannot be looked at cannot be served.
    if (!looked && looked.error().sys_errno != EACCES) return looked.error();
    const std::optional<os::FileIdentity> id = looked ? *looked : std::nullopt;
    if (!id || id->size != blob.size || !id->is_regular()) return false;
  }
  return true;
}

Result<std::optional<std::string>> LocalStore::get_result(const ActionKey& key) {
  std::optional<ResultRow> row;
  std::optional<std::string> record;
  bool is_damaged = false;
  const Index::Body look = [&](IndexTxn& txn) -> Status {
    const auto bytes = TRY(txn.get(Table::results, key.digest.view()));
    if (!bytes) return {};
    row = decode_result_row(key, *bytes);
    is_damaged = !row;
    if (row) record = row->record;
    return {};
  };
  TRY(read(look));
  if (row && TRY(is_complete(row->facts))) return record;
  if (is_damaged) ++damaged_records_;
  if (row || is_damaged) TRY(drop_result(key));
  return std::optional<std::string>();
}

// Drops a result that cannot be served. Looked at again under the lock: another process may have
// put it anew since.
Status LocalStore::drop_result(const ActionKey& key) {
  if (options_.read_only) return {};
  return change([&](CatalogChange& change) -> Status {
    const auto bytes = TRY(change.txn().get(Table::results, key.digest.view()));
    if (!bytes) return {};
    const auto row = decode_result_row(key, *bytes);
    if (row && TRY(is_complete(row->facts))) return {};
    TRY(change.erase_result(key));
    return {};
  });
}

// The rows that the blobs of a new result get: their files must be there, and are hashed unless
// this process or the index knows them.
Result<std::vector<BlobRow>> LocalStore::rows_of(const std::vector<BlobReference>& blobs) {
  std::vector<BlobRow> rows;
  rows.reserve(blobs.size());
  for (const BlobReference& blob : blobs) {
    std::optional<os::FileIdentity> identity = known(blob.digest);
    if (!identity) {
      if (!TRY(open_blob(blob.digest)))
        return Error{Code::invalid, 0,
                     "result names a blob that is not stored: " + blob.digest.hex()};
      identity = known(blob.digest);
    }
    BlobRow row;
    if (identity) row.identity = *identity;
    row.size = blob.size;
    rows.push_back(row);
  }
  return rows;
}

Status LocalStore::put_result(const ActionKey& key, std::string_view record,
                              const ResultFacts& facts) {
  TRY(refuse_when_read_only());
  ResultFacts sorted = facts;
  deduplicate(sorted.blobs);
  const std::string row = encode_result_row(key, record, sorted);
  if (options_.limit_bytes != 0 && result_disk_bytes(row.size(), sorted) > low_water_bytes()) {
    TRY(discard_unreferenced(sorted.blobs));
    return Error{Code::no_space, 0, "result is larger than the store's limit"};
  }
  const std::string frame = encode_frame(FrameKind::result, key.digest, row);
  const std::vector<BlobRow> blobs = TRY(rows_of(sorted.blobs));
  const Change insert = [&](CatalogChange& change) -> Status {
    // Under the lock, where nobody evicts: all there, or no result.
    if (!TRY(is_complete(sorted)))
      return Error{Code::unavailable, 0, "a blob of the result was removed"};
    TRY(ledger_.append(change.counters.ledger_number, frame, change.counters.ledger_bytes));
    return change.insert_result({key, row, sorted, blobs, os::wall_ns()});
  };
  TRY(change(insert));
  // Stored is stored: trouble with making room is noted, not reported as a failure to put.
  static_cast<void>(keep_limit(&key));
  return {};
}

// Blobs that were put for a result that the store does not take.
Status LocalStore::discard_unreferenced(const std::vector<BlobReference>& blobs) {
  return change([&](CatalogChange& change) -> Status {
    for (const BlobReference& blob : blobs)
      if (!TRY(find_blob(change.txn(), blob.digest)))
        TRY(os::remove_file(layout_.blob(blob.digest)));
    return {};
  });
}

Result<bool> LocalStore::remove_result(const ActionKey& key) {
  bool was_there = false;
  const std::string frame = encode_frame(FrameKind::removed_result, key.digest, {});
  const Change erase = [&](CatalogChange& change) -> Status {
    was_there = TRY(change.erase_result(key));
    if (!was_there) return {};
    TRY(change.count_removal());
    return ledger_.append(change.counters.ledger_number, frame, change.counters.ledger_bytes);
  };
  TRY(change(erase));
  return was_there;
}

Result<std::optional<std::string>> LocalStore::get_manifest(const ProbeKey& key) {
  std::optional<std::string> record;
  bool is_damaged = false;
  const Index::Body look = [&](IndexTxn& txn) -> Status {
    const auto bytes = TRY(txn.get(Table::manifests, key.digest.view()));
    if (!bytes) return {};
    const auto row = decode_manifest_row(key, *bytes);
    is_damaged = !row;
    if (row) record = row->record;
    return {};
  };
  TRY(read(look));
  if (is_damaged) {
    ++damaged_records_;
    if (!options_.read_only) {
      const Change erase = [&](CatalogChange& change) -> Status {
        TRY(change.erase_manifest(key));
        return {};
      };
      TRY(change(erase));
    }
  }
  return record;
}

Status LocalStore::write_manifest(CatalogChange& change, const ProbeKey& key,
                                  std::string_view record) {
  const std::string row = encode_manifest_row(key, {os::wall_ns(), record});
  TRY(ledger_.append(change.counters.ledger_number,
                     encode_frame(FrameKind::manifest, key.digest, row),
                     change.counters.ledger_bytes));
  return change.put_manifest(key, row);
}

Status LocalStore::put_manifest(const ProbeKey& key, std::string_view record) {
  TRY(change([&](CatalogChange& change) { return write_manifest(change, key, record); }));
  static_cast<void>(keep_limit(nullptr));
  return {};
}

Status LocalStore::update_manifest(const ProbeKey& key, ManifestChange change_record,
                                   void* context) {
  const Change update = [&](CatalogChange& change) -> Status {
    const auto bytes = TRY(change.txn().get(Table::manifests, key.digest.view()));
    std::optional<std::string_view> present;
    if (bytes) {
      if (const auto row = decode_manifest_row(key, *bytes); row) present = row->record;
    }
    return write_manifest(change, key, change_record(context, present));
  };
  TRY(change(update));
  static_cast<void>(keep_limit(nullptr));
  return {};
}

}  // namespace deja::store
