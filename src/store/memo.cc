// SPDX-License-Identifier: Apache-2.0
// The digest memo has two tables. New entries go to the current one; when it holds half of the limit,
// the other one is emptied and becomes current. An entry found in the older table is written again.
// So entries in use survive and the size is bounded without keeping an order.
#include "store/memo.h"

#include "os/clock.h"
#include "store/local_store.h"

namespace deja::store {
namespace {

constexpr std::size_t kPendingMax = 1 << 14;

Table memo_table(std::uint64_t current) { return current == 0 ? Table::memo_a : Table::memo_b; }

}  // namespace

bool changes_order(const UsageRow& row, std::int64_t used_ns, double inflation,
                   std::int64_t grain_ns) {
  return used_ns >= row.last_use_ns + grain_ns || inflation + row.weight > row.value;
}

Status write_touches(CatalogChange& change, const Touches& touches, std::int64_t grain_ns) {
  for (const auto& [key, used_ns] : touches) {
    const auto bytes = TRY(change.txn().get(Table::usage, key.digest.view()));
    auto row = bytes ? decode_usage_row(key.digest.view(), *bytes) : std::nullopt;
    if (!row || !changes_order(*row, used_ns, change.counters.inflation, grain_ns)) continue;
    row->last_use_ns = std::max(used_ns, row->last_use_ns);
    row->value = std::max(row->value, change.counters.inflation + row->weight);
    TRY(change.txn().put(Table::usage, key.digest.view(),
                         encode_usage_row(key.digest.view(), *row)));
  }
  return {};
}

Status write_memos(CatalogChange& change, const Memos& memos, std::uint64_t entries_max) {
  StoreCounters& counters = change.counters;
  for (const auto& [key, content] : memos) {
    if (counters.memo_entries[counters.memo_current] >= entries_max / 2) {
      counters.memo_current ^= 1;
      TRY(change.txn().clear(memo_table(counters.memo_current)));
      counters.memo_entries[counters.memo_current] = 0;
    }
    const Table table = memo_table(counters.memo_current);
    if (!TRY(change.txn().get(table, key))) ++counters.memo_entries[counters.memo_current];
    TRY(change.txn().put(table, key, encode_memo_row(key, content)));
  }
  return {};
}

std::optional<digest::FileContent> LocalStore::recall(const os::FileIdentity& identity) {
  const std::string key = digest::memo_key(identity);
  {
    const MutexLock lock(pending_mutex_);
    if (const auto it = memos_.find(key); it != memos_.end()) return it->second;
  }
  std::optional<digest::FileContent> content;
  bool is_old = false;
  const auto done = read([&](IndexTxn& txn) -> Status {
    const StoreCounters counters = TRY(read_counters(txn));
    for (const std::uint64_t table : {counters.memo_current, counters.memo_current ^ 1}) {
      const auto bytes = TRY(txn.get(memo_table(table), key));
      if (bytes) content = decode_memo_row(key, *bytes);
      is_old = table != counters.memo_current;
      if (content) break;
    }
    return {};
  });
  if (done && content && is_old) remember(identity, *content);
  return content;
}

void LocalStore::remember(const os::FileIdentity& identity, const digest::FileContent& content) {
  if (options_.read_only) return;
  const MutexLock lock(pending_mutex_);
  if (memos_.size() < kPendingMax) memos_[digest::memo_key(identity)] = content;
}

void LocalStore::save() { ignore(flush(), "a lost entry costs one more hashing or run"); }

void LocalStore::touch(const ActionKey& key) {
  if (options_.read_only) return;
  spares_.want(key);
  const MutexLock lock(pending_mutex_);
  if (touched_.size() < kPendingMax) touched_[key] = os::wall_ns();
}

// Most hits do not change the order of eviction; for these, this look-up avoids a write.
Status LocalStore::forget_idle_touches() {
  Touches touched;
  {
    const MutexLock lock(pending_mutex_);
    touched = touched_;
  }
  Touches idle;
  const Index::Body look = [&](IndexTxn& txn) -> Status {
    const double inflation = TRY(read_counters(txn)).inflation;
    for (const auto& [key, used_ns] : touched) {
      const auto bytes = TRY(txn.get(Table::usage, key.digest.view()));
      const auto row = bytes ? decode_usage_row(key.digest.view(), *bytes) : std::nullopt;
      if (!row || !changes_order(*row, used_ns, inflation, options_.touch_grain_ns))
        idle[key] = used_ns;
    }
    return {};
  };
  TRY(read(look));
  const MutexLock lock(pending_mutex_);
  for (const auto& [key, used_ns] : idle) {
    const auto it = touched_.find(key);
    if (it != touched_.end() && it->second == used_ns) touched_.erase(it);
  }
  return {};
}

}  // namespace deja::store
