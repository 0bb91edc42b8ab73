// SPDX-License-Identifier: Apache-2.0
// Grammar of the rows (forms: base/bytes.h).
//
// clang-format off
//   row      := u8 1 (version)  raw8 checksum  payload
//   payload of:
//   result   := u64 cost_ns  u8 has_probe (raw32 probe_key)  varint n  n * (raw32 digest  varint size)
//               bytes record
//   manifest := i64 updated_ns  bytes record
//   blob     := u64 size  u32 references  u64 device  u64 inode  i64 mtime_ns  i64 ctime_ns  u32 mode
//   usage    := i64 last_use_ns  u64 bytes  f64 weight  f64 value      f64: IEEE bits as u64
//   counters := 12 * u64  i64 swept_ns  f64 inflation                  in the order of struct StoreCounters
//   memo     := raw4 checksum  raw32 digest  u32 traits                the whole row: it has no version,
//                                                                      because it is small and lost
//                                                                      without harm
// clang-format on
//
// checksum: the first bytes of BLAKE3(kind, key, payload), kind one of "rmbucd". Digests are
// BLAKE3-256.
#include "store/rows.h"

#include <bit>

#include "base/bytes.h"
#include "digest/hasher.h"

namespace deja::store {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMemoChecksumBytes = 4;
constexpr std::uint64_t kBlock = 4096;

std::string with_checksum(char kind, std::string_view key, std::string_view payload) {
  Encoder e;
  e.u8(kVersion);
  e.raw(checksum(kind, key, payload));
  e.raw(payload);
  return std::move(e).take();
}

// The payload of a row whose version and checksum match.
std::optional<std::string_view> checked_payload(char kind, std::string_view key,
                                                std::string_view row) {
  if (row.size() < 1 + kChecksumBytes || row[0] != char{kVersion}) return std::nullopt;
  const std::string_view payload = row.substr(1 + kChecksumBytes);
  if (row.substr(1, kChecksumBytes) != checksum(kind, key, payload)) return std::nullopt;
  return payload;
}

void put_double(Encoder& e, double v) { e.u64(std::bit_cast<std::uint64_t>(v)); }
double take_double(Decoder& d) { return std::bit_cast<double>(d.u64()); }

}  // namespace

std::string checksum(char kind, std::string_view key, std::string_view payload) {
  digest::Hasher hasher;
  hasher.add({&kind, 1});
  hasher.add(key);
  hasher.add(payload);
  return std::string(hasher.finish().view().substr(0, kChecksumBytes));
}

std::string encode_result_row(const ActionKey& key, std::string_view record,
                              const ResultFacts& facts) {
  Encoder e;
  e.u64(facts.cost_ns);
  e.u8(facts.probe ? 1 : 0);
  if (facts.probe) e.raw(facts.probe->digest.view());
  e.varint(facts.blobs.size());
  for (const BlobReference& blob : facts.blobs) {
    e.raw(blob.digest.view());
    e.varint(blob.size);
  }
  e.bytes(record);
  return with_checksum('r', key.digest.view(), e.view());
}

std::optional<ResultRow> decode_result_row(const ActionKey& key, std::string_view bytes) {
  const auto payload = checked_payload('r', key.digest.view(), bytes);
  if (!payload) return std::nullopt;
  Decoder d(*payload);
  ResultRow row;
  row.facts.cost_ns = d.u64();
  if (d.u8() != 0) row.facts.probe = ProbeKey{Digest::from_view(d.raw(32))};
  const std::uint64_t n = d.count(33);
  row.facts.blobs.reserve(n);
  for (std::uint64_t i = 0; i < n; ++i) {
    const Digest digest = Digest::from_view(d.raw(32));
    row.facts.blobs.push_back({digest, d.varint()});
  }
  row.record = d.bytes();
  if (!d.done()) return std::nullopt;
  return row;
}

std::string encode_manifest_row(const ProbeKey& key, const ManifestRow& row) {
  Encoder e;
  e.i64(row.updated_ns);
  e.bytes(row.record);
  return with_checksum('m', key.digest.view(), e.view());
}

std::optional<ManifestRow> decode_manifest_row(const ProbeKey& key, std::string_view bytes) {
  const auto payload = checked_payload('m', key.digest.view(), bytes);
  if (!payload) return std::nullopt;
  Decoder d(*payload);
  ManifestRow row;
  row.updated_ns = d.i64();
  row.record = d.bytes();
  if (!d.done()) return std::nullopt;
  return row;
}

std::string encode_blob_row(const Digest& digest, const BlobRow& row) {
  Encoder e;
  e.u64(row.size);
  e.u32(row.references);
  e.u64(row.identity.device);
  e.u64(row.identity.inode);
  e.i64(row.identity.mtime_ns);
  e.i64(row.identity.ctime_ns);
  e.u32(row.identity.mode);
  return with_checksum('b', digest.view(), e.view());
}

std::optional<BlobRow> decode_blob_row(const Digest& digest, std::string_view bytes) {
  const auto payload = checked_payload('b', digest.view(), bytes);
  if (!payload) return std::nullopt;
  Decoder d(*payload);
  BlobRow row;
  row.size = d.u64();
  row.references = d.u32();
  row.identity.device = d.u64();
  row.identity.inode = d.u64();
  row.identity.size = row.size;
  row.identity.mtime_ns = d.i64();
  row.identity.ctime_ns = d.i64();
  row.identity.mode = d.u32();
  if (!d.done()) return std::nullopt;
  return row;
}

std::string encode_usage_row(std::string_view key, const UsageRow& row) {
  Encoder e;
  e.i64(row.last_use_ns);
  e.u64(row.bytes);
  put_double(e, row.weight);
  put_double(e, row.value);
  return with_checksum('u', key, e.view());
}

std::optional<UsageRow> decode_usage_row(std::string_view key, std::string_view bytes) {
  const auto payload = checked_payload('u', key, bytes);
  if (!payload) return std::nullopt;
  Decoder d(*payload);
  UsageRow row;
  row.last_use_ns = d.i64();
  row.bytes = d.u64();
  row.weight = take_double(d);
  row.value = take_double(d);
  if (!d.done()) return std::nullopt;
  return row;
}

std::string encode_memo_row(std::string_view key, const digest::FileContent& content) {
  Encoder payload;
  payload.raw(content.digest.view());
  payload.u32(content.traits);
  return checksum('d', key, payload.view()).substr(0, kMemoChecksumBytes) + payload.view();
}

std::optional<digest::FileContent> decode_memo_row(std::string_view key, std::string_view bytes) {
  if (bytes.size() != kMemoChecksumBytes + 36) return std::nullopt;
  const std::string_view payload = bytes.substr(kMemoChecksumBytes);
  if (checksum('d', key, payload).substr(0, kMemoChecksumBytes) !=
      bytes.substr(0, kMemoChecksumBytes))
    return std::nullopt;
  Decoder d(payload);
  digest::FileContent content;
  content.digest = Digest::from_view(d.raw(32));
  content.traits = d.u32();
  return content;
}

std::string encode_counters(const StoreCounters& c) {
  Encoder e;
  for (const std::uint64_t v : {c.blobs, c.blob_bytes, c.results, c.manifests, c.record_bytes,
                                c.ledger_live, c.ledger_bytes, c.ledger_number, c.memo_entries[0],
                                c.memo_entries[1], c.memo_current, c.is_clean})
    e.u64(v);
  e.i64(c.swept_ns);
  put_double(e, c.inflation);
  return with_checksum('c', {}, e.view());
}

std::optional<StoreCounters> decode_counters(std::string_view bytes) {
  const auto payload = checked_payload('c', {}, bytes);
  if (!payload) return std::nullopt;
  Decoder d(*payload);
  StoreCounters c;
  for (std::uint64_t* v : {&c.blobs, &c.blob_bytes, &c.results, &c.manifests, &c.record_bytes,
                           &c.ledger_live, &c.ledger_bytes, &c.ledger_number, &c.memo_entries[0],
                           &c.memo_entries[1], &c.memo_current, &c.is_clean})
    *v = d.u64();
  c.swept_ns = d.i64();
  c.inflation = take_double(d);
  if (!d.done()) return std::nullopt;
  c.memo_current &= 1;
  return c;
}

std::uint64_t blob_disk_bytes(std::uint64_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

std::uint64_t row_disk_bytes(std::uint64_t length) {
  // LMDB stores a value of more than about half a page in pages of its own; smaller ones share pages
  // that are on average two thirds full. 96: the key, its headers, and its usage row.
  constexpr std::uint64_t kInline = 1900;
  const std::uint64_t value = length > kInline ? blob_disk_bytes(length + 16) : length + length / 2;
  return value + 3 * 96;
}

std::uint64_t StoreCounters::used_bytes() const {
  constexpr std::uint64_t kMemoRow = 100;
  return blob_bytes + record_bytes + ledger_bytes + (memo_entries[0] + memo_entries[1]) * kMemoRow;
}

}  // namespace deja::store
