// SPDX-License-Identifier: Apache-2.0
// Catalog: the relations between the rows of the index. A CatalogChange is one transaction that keeps
// these invariants:
//   counters.blob_bytes    sum of blob_disk_bytes over all blob rows
//   counters.record_bytes  sum of row_disk_bytes over all result and manifest rows
//   blob row references    number of results that name the blob; at zero the row is removed
//   probes                 number of results found through a manifest; at zero it is removed
// Nothing here touches files: freed() lists the blobs that lost their row.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/index.h"
#include "store/rows.h"

namespace deja::store {

// For any transaction, also read-only. Damaged rows read as absent.
Result<std::optional<BlobRow>> find_blob(const IndexTxn& txn, const Digest& digest);
Result<StoreCounters> read_counters(const IndexTxn& txn);
// How often results were taken out on purpose (LocalStore::epoch).
Result<std::uint64_t> read_removals(const IndexTxn& txn);

struct FreedBlob {
  Digest digest;
  std::uint64_t size = 0;
};

class CatalogChange {
 public:
  explicit CatalogChange(IndexTxn& txn) : txn_(txn) {}
  Status load();   // call first
  Status store();  // call last

  IndexTxn& txn() { return txn_; }
  StoreCounters counters;

  struct NewResult {
    const ActionKey& key;
    std::string_view row;               // encoded
    const ResultFacts& facts;           // each blob once
    const std::vector<BlobRow>& blobs;  // in the order of facts.blobs: size and identity
    std::int64_t now_ns = 0;
  };
  // Replaces an existing result.
  Status insert_result(const NewResult& result);
  // False: there was none. A damaged row is removed too; verify finds the blobs it referred to.
  Result<bool> erase_result(const ActionKey& key);
  Status put_manifest(const ProbeKey& key, std::string_view row);
  Result<bool> erase_manifest(const ProbeKey& key);
  // Records a new identity of a blob that has a row.
  Status refresh_blob(const Digest& digest, const os::FileIdentity& identity);
  Status erase_blob_row(const Digest& digest);
  Status count_removal();

  // The blobs that have no row now. Call once, after all changes.
  Result<std::vector<FreedBlob>> freed();

 private:
  Status release(const ResultFacts& facts);
  Status drop_row(Table table, std::string_view key, std::uint64_t& count);
  Status adjust_probe(const ProbeKey& probe, int by);

  IndexTxn& txn_;
  StoreCounters loaded_;
  std::vector<FreedBlob> maybe_freed_;
};

// Disk bytes of a result: its row and all its blobs, shared ones in full.
std::uint64_t result_disk_bytes(std::size_t row_bytes, const ResultFacts& facts);
// Removes duplicates; the result is ordered by digest.
void deduplicate(std::vector<BlobReference>& blobs);

}  // namespace deja::store
