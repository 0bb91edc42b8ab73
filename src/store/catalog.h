// Catalog: what the rows of the index mean together. A CatalogChange is one transaction that keeps
// these true:
//   counters.blob_bytes    sum of blob_disk_bytes over all blob rows
//   counters.record_bytes  sum of row_disk_bytes over all result and manifest rows
//   blob row references    results that name the blob; at none, the row goes
//   probes                 results found through a manifest; at none, the manifest goes
// Files are not touched here: blobs that lost their row are listed in freed().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/index.h"
#include "store/rows.h"

namespace deja::store {

// Read side, for any transaction. Damaged rows read as absent.
Result<std::optional<BlobRow>> find_blob(const IndexTxn& txn, const Digest& digest);
Result<Counters> read_counters(const IndexTxn& txn);
// How often results were taken out on purpose (LocalStore::epoch).
Result<std::uint64_t> read_removals(const IndexTxn& txn);

struct FreedBlob {
  Digest digest;
  std::uint64_t size = 0;
};

class CatalogChange {
 public:
  explicit CatalogChange(IndexTxn& txn) : txn_(txn) {}
  Status load();   // first
  Status store();  // last

  IndexTxn& txn() { return txn_; }
  Counters counters;

  struct NewResult {
    const ActionKey& key;
    std::string_view row;               // encoded
    const ResultFacts& facts;           // each blob once
    const std::vector<BlobRow>& blobs;  // as facts.blobs: size and identity
    std::int64_t now_ns = 0;
  };
  // Replaces what was there.
  Status insert_result(const NewResult& result);
  // False when there was none. A damaged row is removed too; what it referred to is found by
  // verify.
  Result<bool> erase_result(const ActionKey& key);
  Status put_manifest(const ProbeKey& key, std::string_view row);
  Result<bool> erase_manifest(const ProbeKey& key);
  // Writes down a newly seen identity of a blob that has a row.
  Status refresh_blob(const Digest& digest, const os::FileIdentity& identity);
  Status erase_blob_row(const Digest& digest);
  Status count_removal();

  // Blobs whose row is gone at this moment; asked once, after all changes.
  Result<std::vector<FreedBlob>> freed();

 private:
  Status release(const ResultFacts& facts);
  Status drop_row(Table table, std::string_view key, std::uint64_t& count);
  Status adjust_probe(const ProbeKey& probe, int by);

  IndexTxn& txn_;
  Counters loaded_;
  std::vector<FreedBlob> maybe_freed_;
};

// What a result takes on disk: its row and all its blobs, shared ones in full.
std::uint64_t result_disk_bytes(std::size_t row_bytes, const ResultFacts& facts);
// Each blob once, in the order of digests.
void deduplicate(std::vector<BlobReference>& blobs);

}  // namespace deja::store
