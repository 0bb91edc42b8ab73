// SPDX-License-Identifier: Apache-2.0
// Prefetch: imports what earlier builds of a project have used, in their order, before this build asks for it.
// It stays within limits of count, bytes and time, and stops when the build turns out to ask for other things.
//
// Thread-safe; what it works with must outlive it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>

#include "base/mutex.h"
#include "exchange/importer.h"
#include "exchange/session_record.h"
#include "store/store.h"

namespace deja::exchange {

struct PrefetchLimits {
  std::size_t results = 5'000;
  std::uint64_t bytes = 1ULL << 30;
  std::int64_t time_ns = 60'000'000'000;
  unsigned threads = 4;
  std::size_t batch = 16;  // offers in one request
  // After so many look-ups of the build at least this part of them must be in the record.
  std::size_t look_ups_min = 64;
  unsigned helpful_percent = 10;
  unsigned errors_max = 3;
};

struct PrefetchStats {
  std::size_t known = 0;   // uses in the record
  std::size_t there = 0;   // in the local store already
  std::size_t passed = 0;  // the build had asked for them before their turn
  std::size_t imported = 0;
  std::size_t absent = 0;   // the remote has them no longer, or they are refused
  std::uint64_t bytes = 0;  // received
  std::size_t errors = 0;
  std::size_t look_ups = 0;  // of the build
  std::size_t helped = 0;    // of these, for actions in the record
  bool has_ended = false;
  std::string ended_because;  // "done", or which limit
};

class Prefetch {
 public:
  // may_write: ImportRequest's.
  Prefetch(const Importer& importer, store::RecordStore& records, SessionRecord record,
           PrefetchLimits limits, std::function<bool(std::string_view path)> may_write = {});
  ~Prefetch();  // stops
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  void start();  // in a thread of its own
  void run();    // here; returns when it has ended
  // Ends it as soon as the requests under way have ended.
  void stop();

  // The build looks up this action. What it has asked for is not fetched any more.
  void note_look_up(const ProbeKey& probe);

  // Has it imported this result? True once for each.
  bool take_import(const ActionKey& key);

  PrefetchStats stats();

 private:
  void work();
  // The next uses to be fetched; none: it is over.
  std::vector<Use> take_batch();
  bool is_here(const Use& use);
  void fetch(const std::vector<Use>& batch);
  void end(std::string why) REQUIRES_LOCK(mutex_);
  void note_error();

  const Importer& importer_;
  store::RecordStore& records_;
  const SessionRecord record_;
  const PrefetchLimits limits_;
  const std::function<bool(std::string_view)> may_write_;
  std::unordered_set<ProbeKey> known_;  // constant after construction

  Mutex mutex_;
  std::size_t next_ GUARDED_BY(mutex_) = 0;
  std::size_t taken_ GUARDED_BY(mutex_) = 0;  // given to workers
  std::uint64_t taken_bytes_ GUARDED_BY(mutex_) = 0;
  std::unordered_set<ProbeKey> passed_ GUARDED_BY(mutex_);     // the build has asked for them
  std::unordered_set<ActionKey> imported_ GUARDED_BY(mutex_);  // and not yet used
  PrefetchStats stats_ GUARDED_BY(mutex_);
  std::atomic<bool> is_over_{false};
  std::atomic<std::int64_t> deadline_ns_{0};

  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace deja::exchange
