// Rows: what the index and the ledger hold, and their bytes. Pure; the grammar stands in rows.cc
// and in docs/format.md.
//
// Every row carries a checksum over its kind, its key and its payload: one that was damaged, cut,
// or put under another key decodes to nothing.
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
  std::string_view record;  // points into what was decoded
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

// A fact: the file with this identity has the content that the row's key names. An identity of
// zeros says nothing, so the file is hashed at its next use.
struct BlobRow {
  std::uint64_t size = 0;
  std::uint32_t references = 0;  // results that name it
  os::FileIdentity identity;     // links are not kept
};
std::string encode_blob_row(const Digest& digest, const BlobRow& row);
std::optional<BlobRow> decode_blob_row(const Digest& digest, std::string_view bytes);

// What eviction must know of a result, small enough to be read for all of them.
struct UsageRow {
  std::int64_t last_use_ns = 0;
  std::uint64_t bytes = 0;  // of the result and all its blobs
  double weight = 0;        // grows with the cost saved per byte
  double value = 0;         // the lowest goes first (eviction.cc)
};
// By views of the key, as scans have them.
std::string encode_usage_row(std::string_view key, const UsageRow& row);
std::optional<UsageRow> decode_usage_row(std::string_view key, std::string_view bytes);

std::string encode_memo_row(std::string_view key, const digest::FileContent& content);
std::optional<digest::FileContent> decode_memo_row(std::string_view key, std::string_view bytes);

// One row for the whole store, changed in the same transaction as what it counts.
struct Counters {
  std::uint64_t blobs = 0;
  std::uint64_t blob_bytes = 0;  // each rounded up to disk blocks
  std::uint64_t results = 0;
  std::uint64_t manifests = 0;
  std::uint64_t record_bytes = 0;   // rows of results and manifests, as the index holds them
  std::uint64_t ledger_live = 0;    // what the ledger would take if it were written anew
  std::uint64_t ledger_bytes = 0;   // what it takes
  std::uint64_t ledger_number = 1;  // the log that is appended to
  std::uint64_t memo_entries[2] = {0, 0};
  std::uint64_t memo_current = 0;  // which of the two memo tables is written
  std::uint64_t is_clean = 0;      // nothing was written since the last sync
  std::int64_t swept_ns = 0;       // when orphans were last looked for
  double inflation = 0;            // see eviction.cc

  bool operator==(const Counters&) const = default;
  std::uint64_t used_bytes() const;
};
std::string encode_counters(const Counters& counters);
std::optional<Counters> decode_counters(std::string_view bytes);

// What a blob, and a row of the given length, take on disk (estimates from above).
std::uint64_t blob_disk_bytes(std::uint64_t size);
std::uint64_t row_disk_bytes(std::uint64_t length);

// Eight bytes that tell damage; not a defence against forgery.
std::string checksum(char kind, std::string_view key, std::string_view payload);

}  // namespace deja::store
