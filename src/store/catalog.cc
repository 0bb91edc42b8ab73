// SPDX-License-Identifier: Apache-2.0
// One write transaction keeps the rows of a result, its blobs, its manifest and the counters
// consistent. New references are added before old ones are released, so that a blob named by both
// results never looks unreferenced.
#include "store/catalog.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "store/ledger.h"

namespace deja::store {
namespace {

constexpr std::string_view kRemovalsKey = "removals";

// Counters never wrap below zero: after damage, a wrapped count would look like a full disk.
void subtract(std::uint64_t& from, std::uint64_t amount) { from -= std::min(from, amount); }

// Whole logarithms: costs per byte span nine orders of magnitude, and within a factor of two the last
// use is the better criterion.
double weight_of(std::uint64_t cost_ns, std::uint64_t bytes) {
  const auto cost = static_cast<double>(cost_ns);
  return std::floor(std::log2(1.0 + cost / static_cast<double>(std::max<std::uint64_t>(bytes, 1))));
}

std::uint32_t decode_count(std::string_view bytes) { return Decoder(bytes).u32(); }

}  // namespace

Result<std::optional<BlobRow>> find_blob(const IndexTxn& txn, const Digest& digest) {
  const auto bytes = TRY(txn.get(Table::blobs, digest.view()));
  if (!bytes) return std::optional<BlobRow>();
  return decode_blob_row(digest, *bytes);
}

Result<StoreCounters> read_counters(const IndexTxn& txn) {
  const auto bytes = TRY(txn.get(Table::counters, {}));
  if (!bytes) return StoreCounters();
  const auto counters = decode_counters(*bytes);
  if (!counters) return Error{Code::corrupt, 0, "the store's counters are damaged"};
  return *counters;
}

Result<std::uint64_t> read_removals(const IndexTxn& txn) {
  const auto bytes = TRY(txn.get(Table::counters, kRemovalsKey));
  if (!bytes) return std::uint64_t{0};
  Decoder d(*bytes);
  return d.u64();
}

std::uint64_t result_disk_bytes(std::size_t row_bytes, const ResultFacts& facts) {
  std::uint64_t bytes = row_disk_bytes(row_bytes);
  for (const BlobReference& blob : facts.blobs) bytes += blob_disk_bytes(blob.size);
  return bytes;
}

void deduplicate(std::vector<BlobReference>& blobs) {
  std::ranges::sort(blobs, {}, &BlobReference::digest);
  const auto rest = std::ranges::unique(blobs, {}, &BlobReference::digest);
  blobs.erase(rest.begin(), rest.end());
}

Status CatalogChange::load() {
  counters = TRY(read_counters(txn_));
  loaded_ = counters;
  return {};
}

Status CatalogChange::count_removal() {
  Encoder e;
  e.u64(TRY(read_removals(txn_)) + 1);
  return txn_.put(Table::counters, kRemovalsKey, e.view());
}

Status CatalogChange::store() {
  if (counters == loaded_) return {};
  return txn_.put(Table::counters, {}, encode_counters(counters));
}

Status CatalogChange::insert_result(const NewResult& result) {
  const std::string_view key = result.key.digest.view();
  // New references first: blobs that the old result also names must not look unreferenced.
  for (std::size_t i = 0; i < result.facts.blobs.size(); ++i) {
    const Digest& digest = result.facts.blobs[i].digest;
    BlobRow row = result.blobs[i];
    if (const auto present = TRY(find_blob(txn_, digest))) {
      row.references = present->references + 1;
      subtract(counters.blob_bytes, blob_disk_bytes(present->size));
    } else {
      row.references = 1;
      ++counters.blobs;
    }
    counters.blob_bytes += blob_disk_bytes(row.size);
    TRY(txn_.put(Table::blobs, digest.view(), encode_blob_row(digest, row)));
  }
  if (result.facts.probe) TRY(adjust_probe(*result.facts.probe, +1));
  TRY(erase_result(result.key));
  TRY(txn_.put(Table::results, key, result.row));
  ++counters.results;
  counters.record_bytes += row_disk_bytes(result.row.size());
  counters.ledger_live += ledger_frame_bytes(result.row.size());
  UsageRow usage;
  usage.last_use_ns = result.now_ns;
  usage.bytes = result_disk_bytes(result.row.size(), result.facts);
  usage.weight = weight_of(result.facts.cost_ns, usage.bytes);
  usage.value = counters.inflation + usage.weight;
  return txn_.put(Table::usage, key, encode_usage_row(key, usage));
}

Result<bool> CatalogChange::erase_result(const ActionKey& key) {
  const auto bytes = TRY(txn_.get(Table::results, key.digest.view()));
  if (!bytes) return false;
  auto row = decode_result_row(key, *bytes);
  TRY(drop_row(Table::results, key.digest.view(), counters.results));
  TRY(txn_.erase(Table::usage, key.digest.view()));
  if (!row) return true;
  deduplicate(row->facts.blobs);
  TRY(release(row->facts));
  return true;
}

Status CatalogChange::release(const ResultFacts& facts) {
  for (const BlobReference& blob : facts.blobs) {
    auto row = TRY(find_blob(txn_, blob.digest));
    if (!row) continue;
    if (row->references > 1) {
      --row->references;
      TRY(txn_.put(Table::blobs, blob.digest.view(), encode_blob_row(blob.digest, *row)));
    } else {
      TRY(erase_blob_row(blob.digest));
    }
  }
  if (facts.probe) TRY(adjust_probe(*facts.probe, -1));
  return {};
}

Status CatalogChange::erase_blob_row(const Digest& digest) {
  const auto row = TRY(find_blob(txn_, digest));
  if (!row) return {};
  TRY(txn_.erase(Table::blobs, digest.view()));
  subtract(counters.blobs, 1);
  subtract(counters.blob_bytes, blob_disk_bytes(row->size));
  maybe_freed_.push_back({digest, row->size});
  return {};
}

// Removes a result or manifest row with its share of the counters.
Status CatalogChange::drop_row(Table table, std::string_view key, std::uint64_t& count) {
  const auto bytes = TRY(txn_.get(table, key));
  if (!bytes) return {};
  subtract(counters.record_bytes, row_disk_bytes(bytes->size()));
  subtract(counters.ledger_live, ledger_frame_bytes(bytes->size()));
  subtract(count, 1);
  TRY(txn_.erase(table, key));
  return {};
}

Status CatalogChange::adjust_probe(const ProbeKey& probe, int by) {
  const auto bytes = TRY(txn_.get(Table::probes, probe.digest.view()));
  const std::int64_t count = (bytes ? std::int64_t{decode_count(*bytes)} : 0) + by;
  if (count <= 0) {
    TRY(txn_.erase(Table::probes, probe.digest.view()));
    TRY(erase_manifest(probe));
    return {};
  }
  Encoder e;
  e.u32(static_cast<std::uint32_t>(count));
  return txn_.put(Table::probes, probe.digest.view(), e.view());
}

Status CatalogChange::put_manifest(const ProbeKey& key, std::string_view row) {
  TRY(drop_row(Table::manifests, key.digest.view(), counters.manifests));
  TRY(txn_.put(Table::manifests, key.digest.view(), row));
  ++counters.manifests;
  counters.record_bytes += row_disk_bytes(row.size());
  counters.ledger_live += ledger_frame_bytes(row.size());
  return {};
}

Result<bool> CatalogChange::erase_manifest(const ProbeKey& key) {
  const std::uint64_t before = counters.manifests;
  TRY(drop_row(Table::manifests, key.digest.view(), counters.manifests));
  return counters.manifests != before;
}

Status CatalogChange::refresh_blob(const Digest& digest, const os::FileIdentity& identity) {
  auto row = TRY(find_blob(txn_, digest));
  if (!row || row->identity == identity) return {};
  row->identity = identity;
  subtract(counters.blob_bytes, blob_disk_bytes(row->size));
  row->size = identity.size;
  counters.blob_bytes += blob_disk_bytes(row->size);
  return txn_.put(Table::blobs, digest.view(), encode_blob_row(digest, *row));
}

Result<std::vector<FreedBlob>> CatalogChange::freed() {
  std::vector<FreedBlob> gone;
  for (const FreedBlob& blob : maybe_freed_)
    if (!TRY(find_blob(txn_, blob.digest))) gone.push_back(blob);
  maybe_freed_.clear();
  return gone;
}

}  // namespace deja::store
