// SPDX-License-Identifier: Apache-2.0
// Keeps the store under its limit. Results are evicted in the order of a value, as in GreedyDual-Size
// (P. Cao, S. Irani, "Cost-aware WWW proxy caching algorithms", 1997): value = inflation + weight, set
// when a result is stored or used. weight is log2 of the cost saved per byte, in whole steps;
// inflation is the highest value evicted so far. So a result with a high cost per byte survives
// several rounds of cheap ones. A result that is never used again is evicted in the end, whatever its
// cost, because all new results start higher. Ties are decided by last use. No clock is compared
// between results, so the rate of use does not matter.
//
// maintain() starts to evict before the limit is reached and goes down to the low-water mark, outside
// of any request; each round scans the small usage table once. A put that still ends over the limit
// evicts to 1 % below it and no further, because a client waits. Memory is bounded by the number of
// results that one round evicts.
#include <algorithm>
#include <queue>
#include <span>
#include <tuple>

#include "os/lock.h"
#include "store/local_store.h"

namespace deja::store {
namespace {

constexpr std::size_t kResultsPerChange = 64;  // bounds how long a change blocks other writers
constexpr int kRoundsMax = 32;
constexpr std::uint64_t kLedgerSlack = 4 << 20;

struct Candidate {
  UsageRow usage;
  Digest key;
  // Results with a larger order are kept longer.
  auto order() const { return std::tie(usage.value, usage.last_use_ns, key); }
  bool operator<(const Candidate& other) const { return order() < other.order(); }
};

// The results of least value whose bytes add up to `need`, least first.
Result<std::vector<Candidate>> choose_victims(Index& index, std::uint64_t need,
                                              const ActionKey* protect) {
  std::priority_queue<Candidate> chosen;  // the most valuable on top
  std::uint64_t bytes = 0;
  TRY(index.read([&](IndexTxn& txn) {
    return txn.scan(Table::usage, {}, [&](std::string_view key, std::string_view row) {
      const auto usage = decode_usage_row(key, row);
      if (!usage || (protect != nullptr && key == protect->digest.view())) return true;
      Candidate candidate{*usage, Digest::from_view(key)};
      if (bytes >= need && !(candidate < chosen.top())) return true;
      bytes += usage->bytes;
      chosen.push(candidate);
      while (bytes - chosen.top().usage.bytes >= need) {
        bytes -= chosen.top().usage.bytes;
        chosen.pop();
      }
      return true;
    });
  }));
  std::vector<Candidate> victims(chosen.size());
  for (std::size_t i = chosen.size(); i > 0; --i) {
    victims[i - 1] = chosen.top();
    chosen.pop();
  }
  return victims;
}

// The size of the store after a compaction of its ledger.
std::uint64_t compacted_bytes(const StoreCounters& c) {
  return c.used_bytes() - c.ledger_bytes + std::min(c.ledger_live, c.ledger_bytes);
}

// Erases victims until the store would fit; returns true if it does. A victim that was used since it
// was chosen is kept.
Result<bool> evict_victims(CatalogChange& change, std::span<const Candidate> victims,
                           std::uint64_t target_bytes, std::atomic<std::uint64_t>& evicted) {
  for (const auto& [seen, digest] : victims) {
    if (compacted_bytes(change.counters) <= target_bytes) return true;
    const auto bytes = TRY(change.txn().get(Table::usage, digest.view()));
    const auto now = bytes ? decode_usage_row(digest.view(), *bytes) : std::nullopt;
    if (!now || now->value > seen.value || now->last_use_ns > seen.last_use_ns) continue;
    change.counters.inflation = std::max(change.counters.inflation, seen.value);
    if (TRY(change.erase_result(ActionKey{digest}))) ++evicted;
  }
  return false;
}

}  // namespace

// The ledger is compacted when more than half of it and a fixed slack is dead. The slack keeps small
// ledgers from being rewritten often.
Status LocalStore::compact_when_due() {
  std::uint64_t slack = kLedgerSlack;
  if (options_.limit_bytes != 0) slack = std::min(slack, options_.limit_bytes / 32);
  const StoreCounters now = TRY(counters());
  if (now.ledger_bytes <= now.ledger_live * 2 + slack) return {};
  return compact_ledger();
}

std::uint64_t LocalStore::low_water_bytes() const {
  return options_.limit_bytes / 100 * options_.low_water_percent;
}

Status LocalStore::keep_limit(const ActionKey* protect) {
  const std::uint64_t limit = options_.limit_bytes;
  if (limit == 0 || TRY(counters()).used_bytes() <= limit) return {};
  return make_room(limit - limit / 100, protect);
}

Status LocalStore::keep_low_water() {
  const std::uint64_t limit = options_.limit_bytes;
  const std::uint64_t low = low_water_bytes();
  if (limit == 0 || TRY(counters()).used_bytes() <= low + (limit - low) / 2) return {};
  return make_room(low, nullptr);
}

Status LocalStore::make_room(std::uint64_t target_bytes, const ActionKey* protect) {
  const auto steps = [&]() -> Status {
    TRY(flush());
    TRY(evict(target_bytes, protect));
    // Bytes over the mark now belong to the ledger, or to no result.
    if (compacted_bytes(TRY(counters())) > options_.limit_bytes) TRY(evict_manifests(target_bytes));
    if (TRY(counters()).used_bytes() > options_.limit_bytes) TRY(compact_ledger());
    index_->release_pages();
    return {};
  };
  auto done = steps();
  if (!done) note_error(done.error());
  return done;
}

Status LocalStore::evict(std::uint64_t target_bytes, const ActionKey* protect) {
  for (int round = 0; round < kRoundsMax; ++round) {
    const std::uint64_t used = compacted_bytes(TRY(counters()));
    if (used <= target_bytes) return {};
    // Blobs that other results also name are not freed; each further round asks for more.
    const std::uint64_t need = (used - target_bytes) << std::min(round, 20);
    const auto victims = TRY(choose_victims(*index_, need, protect));
    if (victims.empty()) return {};
    for (std::size_t i = 0; i < victims.size(); i += kResultsPerChange) {
      const auto some =
          std::span(victims).subspan(i, std::min(kResultsPerChange, victims.size() - i));
      bool is_enough = false;
      const Change evict_some = [&](CatalogChange& change) -> Status {
        is_enough = TRY(evict_victims(change, some, target_bytes, evicted_));
        return {};
      };
      TRY(change(evict_some));
      if (is_enough) return {};
    }
  }
  return {};
}

// Removes manifests without results, oldest first: they have no measured value.
Status LocalStore::evict_manifests(std::uint64_t target_bytes) {
  std::vector<std::pair<std::int64_t, ProbeKey>> unlinked;
  TRY(read([&](IndexTxn& txn) {
    return txn.scan(Table::manifests, {}, [&](std::string_view key, std::string_view row) {
      const ProbeKey probe{Digest::from_view(key)};
      const auto found = txn.get(Table::probes, key);
      if (found && *found) return true;
      const auto manifest = decode_manifest_row(probe, row);
      unlinked.emplace_back(manifest ? manifest->updated_ns : 0, probe);
      return true;
    });
  }));
  std::ranges::sort(unlinked);
  for (std::size_t i = 0; i < unlinked.size(); i += kResultsPerChange) {
    const Change erase_some = [&](CatalogChange& change) -> Status {
      for (std::size_t k = i; k < std::min(i + kResultsPerChange, unlinked.size()); ++k) {
        if (compacted_bytes(change.counters) <= target_bytes) return {};
        TRY(change.erase_manifest(unlinked[k].second));
      }
      return {};
    };
    TRY(change(erase_some));
  }
  return {};
}

// Rewrites the ledger, unless nothing in it is dead.
Status LocalStore::compact_ledger() {
  const StoreCounters seen = TRY(counters());
  if (seen.ledger_bytes <= seen.ledger_live) return {};
  // The holder of the lock compacts, rebuilds or purges: there is nothing left to do here.
  const os::Fd lock = TRY(os::try_lock_file(layout_.lock()));
  if (!lock) return {};
  // Under the lock no other process replaces the directory. If one did before, this index must not be
  // copied.
  if (index_->is_replaced()) return {};
  const std::uint64_t number = TRY(find_ledger_files(layout_)).last + 1;
  // change_once(), because change() may take the lock itself to rebuild a damaged index.
  std::vector<std::string> doomed;
  std::uint64_t before = 0;
  const Change start_log = [&](CatalogChange& change) -> Status {
    change.counters.ledger_number = number;
    before = change.counters.ledger_bytes;
    return {};
  };
  TRY(change_once(start_log, doomed));
  std::uint64_t base_bytes = 0;
  TRY(write_ledger_base(layout_, *index_, number, base_bytes));
  const Change count_base = [&](CatalogChange& change) -> Status {
    change.counters.ledger_bytes -= std::min(before, change.counters.ledger_bytes);
    change.counters.ledger_bytes += base_bytes;
    return {};
  };
  return change_once(count_base, doomed);
}

}  // namespace deja::store
