// SPDX-License-Identifier: Apache-2.0
// Results and manifests of the local store. A result is handed out only while all its blobs exist with
// their sizes; one stat per blob checks that. open_blob() checks their content.
#include "os/clock.h"
#include "os/file.h"
#include "store/local_store.h"

namespace deja::store {

// One stat per blob.
Result<bool> LocalStore::is_complete(const ResultFacts& facts) {
  for (const BlobReference& blob : facts.blobs) {
    const auto looked = os::stat_file(layout_.blob(blob.digest), os::Links::keep);
    // A blob that cannot be examined cannot be served.
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

// Drops a result that cannot be served. Checks it again under the lock: another process may have
// stored it again since.
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

// The blob rows of a new result. The files must exist; they are hashed unless this process or the
// index knows their identity.
Result<std::vector<BlobRow>> LocalStore::rows_of(const std::vector<BlobReference>& blobs) {
  std::vector<BlobRow> rows;
  rows.reserve(blobs.size());
  for (const BlobReference& blob : blobs) {
    std::optional<os::FileIdentity> identity = known(blob.digest);
    if (!identity) {
      if (!TRY(open_blob(blob.digest)))
        return Error{Code::invalid, 0,
                     "the result names a blob that is not stored: " + blob.digest.hex()};
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
    return Error{Code::no_space, 0, "the result is larger than the store's limit (store.limit)"};
  }
  const std::string frame = encode_frame(FrameKind::result, key.digest, row);
  const std::vector<BlobRow> blobs = TRY(rows_of(sorted.blobs));
  const Change insert = [&](CatalogChange& change) -> Status {
    // Under the lock no process evicts: either all blobs are there, or the result is refused.
    if (!TRY(is_complete(sorted)))
      return Error{Code::unavailable, 0,
                   "a blob of the result was evicted before the result was stored"};
    TRY(ledger_.append(change.counters.ledger_number, frame, change.counters.ledger_bytes));
    return change.insert_result({key, row, sorted, blobs, os::wall_ns()});
  };
  TRY(change(insert));
  spares_.want(key);
  // The result is stored: a failure to make room is noted, not reported as a failure to store.
  ignore(keep_limit(&key), "the record is stored; make_room() notes a failure");
  return {};
}

// Removes blobs that were stored for a result that the store refuses.
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
  if (was_there) withdraw_answers();
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
  ignore(keep_limit(nullptr), "the record is stored; make_room() notes a failure");
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
  ignore(keep_limit(nullptr), "the record is stored; make_room() notes a failure");
  return {};
}

}  // namespace deja::store
