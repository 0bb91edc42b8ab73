// SPDX-License-Identifier: Apache-2.0
// AnswerTable: the engine's side of the shared table from which clients take proven answers without waking the
// engine (wire/answer_table.h has the layout, docs/decisions/0015-answer-table.md the protocol).
//
// An entry is valid while nothing on the way to its inputs has changed. The WatchSet tells of changes as it takes
// notices from the kernel; until then a client sees that notices are queued. Clients leave a note of each use, which
// upkeep() collects.
//
// Thread-safe. Lock order: the WatchSet's lock, then the table's.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "digest/digest.h"
#include "os/fd.h"
#include "os/mapping.h"
#include "warm/watch_set.h"
#include "wire/answer_table.h"

namespace deja::warm {

class AnswerTable final : public WatchSet::Listener {
 public:
  // How often upkeep() is due while clients use the table: twice in the time for which one is good.
  static constexpr std::int64_t kUpkeepNs = WatchSet::kStampsNs / 2;

  // A client was answered from the table.
  struct Use {
    std::int64_t ended_ns = 0;  // wall clock
    std::int64_t elapsed_ns = 0;
    std::uint64_t cloned_bytes = 0;  // of what was placed
  };
  struct Offer {
    std::string form;                        // of the request (wire/request_form.h)
    std::string answer;                      // as wire/answer_table.h has it
    ActionKey key;                           // of the result
    std::uint64_t removals = 0;              // removals() before the answer was looked up
    std::function<void(const Use&)> on_use;  // called by upkeep() and rest()
  };

  // Makes the table, and in the cache directory the file that leads to it. Clients do not use it before the first
  // upkeep(). watch_set must outlive the table, and tells only this one.
  static Result<std::unique_ptr<AnswerTable>> open(const std::string& cache_dir,
                                                   WatchSet& watch_set);
  ~AnswerTable() override;

  // tokens: all that the answer depends on. False: something has changed since they were given, or the offer is too
  // large.
  bool put(Offer offer, const std::vector<const WatchSet::Token*>& tokens);
  bool has(std::string_view form);
  // How often forget() and clear() were called. An answer that was looked up before the last call is not taken.
  std::uint64_t removals() const { return removals_; }
  // Removes the entries with this result.
  void forget(const ActionKey& key);
  void clear();

  // Compares stamps of files, so that the table is good for another WatchSet::kStampsNs, and calls on_use for what
  // clients have used since the last call. Returns how many uses these were.
  std::size_t upkeep();
  // Clients use the table no more until the next upkeep(). Otherwise as collect().
  std::size_t rest();
  // Only calls on_use for what clients have used.
  std::size_t collect() { return take_notes(); }
  // How many answers clients have taken since it was made, as far as collected.
  std::uint64_t uses() const { return uses_; }
  // Has a process that removed results removed the address file, too? Then clients find no table until publish().
  bool is_withdrawn();
  // Makes the address file once more. The caller has cleared what was removed.
  Status publish();

  // WatchSet::Listener
  void begin() override;
  void changed(std::uint64_t id) override;
  void everything_changed() override;
  bool follows(std::uint64_t id) override;
  bool mounts_changed() override;
  void mounts_applied() override;
  void end() override;

 private:
  struct Entry {
    ActionKey key;
    std::shared_ptr<const std::function<void(const Use&)>> on_use;
    std::uint64_t hash = 0;
    std::size_t slot = 0, first_word = 0, words = 0;
  };
  // An entry that is in the table no longer, for the notes of clients that have read it before.
  struct Retired {
    std::uint64_t id;
    std::int64_t since_ns;
  };
  struct Taken {
    std::shared_ptr<const std::function<void(const Use&)>>
        on_use;  // null: the entry is not known any more
    Use use;
  };
  class Changing;

  AnswerTable(std::string address_path, WatchSet& watch_set, os::Fd memory, os::Mapping mapping);
  wire::Table& table() { return *reinterpret_cast<wire::Table*>(mapping_.data()); }
  wire::TableSlot& slot_at(std::size_t slot) {
    return table().buckets[slot / wire::kBucketSlots][slot % wire::kBucketSlots];
  }
  std::size_t make_room(std::size_t words) REQUIRES_LOCK(mutex_);
  std::size_t choose_slot(std::uint64_t hash) REQUIRES_LOCK(mutex_);
  void write(const Offer& offer, std::uint64_t id, std::size_t first_word);
  bool insert(Offer offer, std::uint64_t id);
  void remove(std::uint64_t id) REQUIRES_LOCK(mutex_);
  void remove_all() REQUIRES_LOCK(mutex_);
  std::optional<Taken> take_note(std::uint64_t number) REQUIRES_LOCK(mutex_);
  std::size_t take_notes();
  void release_stuck_mounts() REQUIRES_LOCK(mutex_);
  void drop_retired() REQUIRES_LOCK(mutex_);

  const std::string address_path_;
  WatchSet& watch_set_;
  const os::Fd memory_;
  const os::Mapping mapping_;
  std::atomic<std::uint64_t> next_id_{1}, uses_{0}, removals_{0};

  Mutex mutex_;
  os::Fd address_ GUARDED_BY(mutex_);  // locked
  int changing_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::uint64_t, Entry> entries_ GUARDED_BY(mutex_);  // those in the table
  std::unordered_map<std::uint64_t, Entry> retired_ GUARDED_BY(mutex_);
  std::vector<Retired> retirements_ GUARDED_BY(mutex_);  // oldest first
  std::unordered_multimap<ActionKey, std::uint64_t> by_key_ GUARDED_BY(mutex_);
  std::map<std::size_t, std::uint64_t> by_word_ GUARDED_BY(mutex_);  // first word -> id
  std::vector<std::uint64_t> by_slot_ GUARDED_BY(mutex_);            // 0: empty
  std::size_t next_word_ GUARDED_BY(mutex_) = 1;
  std::uint32_t mounts_before_ GUARDED_BY(mutex_) = 0;
  std::uint64_t stuck_note_ GUARDED_BY(mutex_) = 0;
  std::int64_t stuck_since_ns_ GUARDED_BY(mutex_) = 0;
};

}  // namespace deja::warm
