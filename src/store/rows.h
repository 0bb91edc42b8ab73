// SPDX-License-Identifier: Apache-2.0
// Rows: the content of the index and the ledger, and its byte layout. Pure functions; the grammar is in
// rows.cc and docs/format.md.
//
// Every row carries a checksum over its kind, key and payload. A row that was damaged, truncated, or
// stored under another key decodes to nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "digest/digest.h"
#include "digest/file_digester.h"
#include "os/file.h"
#include "store/store.h"

namespace deja::store {

struct ResultRow {
  ResultFacts facts;
  std::string_view record;  // points into the decoded bytes
};
std::string encode_result_row(const ActionKey& key, std::string_view record,
                              const ResultFacts& facts);
std::optional<ResultRow> decode_result_row(const ActionKey& key, std::string_view bytes);

struct ManifestRow {
  std::int64_t updated_ns = 0;
  std::string_view record;
};
std::string encode_manifest_row(const ProbeKey& key, const ManifestRow& row);
std::optional<ManifestRow> decode_manifest_row(const ProbeKey& key, std::string_view bytes);

// States that the content of the file with this identity has the row's key as its digest. An identity
// of zeros states nothing, so the file is hashed at its next use.
struct BlobRow {
  std::uint64_t size = 0;
  std::uint32_t references = 0;  // number of results that name it
  os::FileIdentity identity;     // without links, owner and group
};
std::string encode_blob_row(const Digest& digest, const BlobRow& row);
std::optional<BlobRow> decode_blob_row(const Digest& digest, std::string_view bytes);

// The facts that eviction needs about a result; small, because eviction reads all of them.
struct UsageRow {
  std::int64_t last_use_ns = 0;
  std::uint64_t bytes = 0;  // of the result and all its blobs
  double weight = 0;        // grows with the cost saved per byte
  double value = 0;         // the lowest is evicted first (eviction.cc)
};
// Keys are views, as a scan returns them.
std::string encode_usage_row(std::string_view key, const UsageRow& row);
std::optional<UsageRow> decode_usage_row(std::string_view key, std::string_view bytes);

std::string encode_memo_row(std::string_view key, const digest::FileContent& content);
std::optional<digest::FileContent> decode_memo_row(std::string_view key, std::string_view bytes);

// One row for the whole store, changed in the same transaction as the rows it counts.
struct StoreCounters {
  std::uint64_t blobs = 0;
  std::uint64_t blob_bytes = 0;  // each size rounded up to disk blocks
  std::uint64_t results = 0;
  std::uint64_t manifests = 0;
  std::uint64_t record_bytes = 0;   // rows of results and manifests in the index
  std::uint64_t ledger_live = 0;    // size that the ledger would have after a compaction
  std::uint64_t ledger_bytes = 0;   // its present size
  std::uint64_t ledger_number = 1;  // the log that is appended to
  std::uint64_t memo_entries[2] = {0, 0};
  std::uint64_t memo_current = 0;  // the memo table that is written to: 0 or 1
  std::uint64_t is_clean = 0;      // nothing was written since the last sync
  std::int64_t swept_ns = 0;       // time of the last search for orphans
  double inflation = 0;            // see eviction.cc

  bool operator==(const StoreCounters&) const = default;
  std::uint64_t used_bytes() const;
};
std::string encode_counters(const StoreCounters& counters);
std::optional<StoreCounters> decode_counters(std::string_view bytes);

// Disk use of a blob and of a row of that length (upper estimates).
std::uint64_t blob_disk_bytes(std::uint64_t size);
std::uint64_t row_disk_bytes(std::uint64_t length);

inline constexpr std::size_t kChecksumBytes = 8;
// Detects damage; no defence against forgery.
std::string checksum(char kind, std::string_view key, std::string_view payload);

}  // namespace deja::store
