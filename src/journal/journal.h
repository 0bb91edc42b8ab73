// SPDX-License-Identifier: Apache-2.0
// The journal: a record of deja's outcomes for the user. <dir>/journal/ contains:
//   events.jsonl    one line for each invocation (event.h); at 8 MiB it becomes events.1.jsonl
//   keys.jsonl      what the keys of new commands were made of (key_log.h)
//   counters        numbers (counters.h)
//   troubles        internal failures (troubles.h)
//
// Any number of processes write at once; an event is one append. Nothing here fails a build: an event
// that cannot be written is counted in lost() and, if possible, in Counter::errors. A journal directory
// that is removed during use is made again within a second.
//
// Thread-safe. record() holds no lock during I/O.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "journal/counters.h"
#include "journal/event.h"
#include "journal/key_log.h"
#include "os/fd.h"

namespace deja::journal {

inline constexpr std::uint64_t kRotateBytes = 8 << 20;
inline constexpr const char* kEventsFile = "events.jsonl";
inline constexpr const char* kOlderEventsFile = "events.1.jsonl";

// The journal's directory inside the cache directory.
std::string journal_dir(const std::string& cache_dir);

class Journal {
 public:
  // Always returns a usable journal; see lost(). cache_dir "": counts in memory only.
  static std::unique_ptr<Journal> open(const std::string& cache_dir,
                                       std::uint64_t rotate_bytes = kRotateBytes);

  // Appends the event and counts it: outcome, dup, remote, tool_runs and a bypass's reason; for a hit,
  // cost as saved and bytes as served. A heartbeat is not counted.
  void record(const Event& event);
  // Keeps what the key of a new command was made of.
  void record_key(const KeyRecord& record);
  // Records a failure of the cache ("store: disk full") and counts an error. The text should not
  // contain varying parts: equal texts are one trouble.
  void trouble(std::string_view text);
  // Counts something that no event covers.
  void count(Counter counter, std::uint64_t n = 1);

  Counts counts();
  // Events that could not be written.
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  // The open files. Replaced as a whole; a thread may still write to the old ones.
  struct Files {
    os::Fd events;  // invalid: could not be opened
    Counters counters;
    bool complete = false;
    std::int64_t opened_ns = 0;  // monotonic
  };
  Journal(std::string dir, std::uint64_t rotate_bytes);
  std::shared_ptr<Files> open_files() const;
  std::shared_ptr<Files> files();
  bool needs_reopening(const Files& files);
  void rotate(const Files& files);

  const std::string dir_;
  const std::uint64_t rotate_bytes_;
  std::atomic<std::uint64_t> lost_{0};
  Mutex mutex_;
  std::shared_ptr<Files> files_ GUARDED_BY(mutex_);
};

}  // namespace deja::journal
