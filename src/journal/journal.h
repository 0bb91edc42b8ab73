// The journal: what deja did, for people. Three things in <dir>/journal/:
//   events.jsonl    one line for each invocation (event.h); at 8 MiB it becomes events.1.jsonl
//   counters        numbers (counters.h)
//   troubles        what went wrong inside (troubles.h)
//
// Any number of processes write at once; an event is one append. Nothing here fails a build: what
// cannot be written is counted in lost() and, as far as possible, in Counter::errors. A journal
// directory that is removed while in use is made again within a second.
//
// Thread-safe. No lock is held across I/O on the way of an event.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "journal/counters.h"
#include "journal/event.h"
#include "os/fd.h"

namespace deja::journal {

inline constexpr std::uint64_t kRotateBytes = 8 << 20;
inline constexpr const char* kEventsFile = "events.jsonl";
inline constexpr const char* kOlderEventsFile = "events.1.jsonl";

// The journal's directory inside the cache directory.
std::string journal_dir(const std::string& cache_dir);

class Journal {
 public:
  // Always gives a journal that can be used; see lost(). cache_dir "": it only counts, in memory.
  static std::unique_ptr<Journal> open(const std::string& cache_dir,
                                       std::uint64_t rotate_bytes = kRotateBytes);

  // Appends the event and counts it: its outcome, dup, remote, tool_runs and a bypass's reason; a
  // hit's cost and bytes as saved and served.
  void record(const Event& event);
  // Notes that the cache failed at something ("store: disk full"), and counts an error. The text
  // should not hold what differs each time: equal texts are one trouble.
  void trouble(std::string_view text);
  // For what no event says.
  void count(Counter counter, std::uint64_t n = 1);

  Counts counts();
  // Events that could not be written.
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  // What is open at one time. Replaced as a whole; whoever still writes to the old one may.
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
