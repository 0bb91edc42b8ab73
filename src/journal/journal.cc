// SPDX-License-Identifier: Apache-2.0
// The write path: an event is encoded into one buffer and appended by one write(2). record() takes a lock
// only to rotate, and skips that if another process rotates already.
#include "journal/journal.h"

#include <utility>

#include "journal/troubles.h"
#include "os/clock.h"
#include "os/disk.h"
#include "os/file.h"
#include "os/lock.h"

namespace deja::journal {
namespace {

// How long to wait before a failed open is repeated.
constexpr std::int64_t kReopenPauseNs = 1'000'000'000;
// A file this far over its limit cannot be renamed; no more events are written to it.
constexpr std::uint64_t kOverrunMax = 3 * kRotateBytes;

void count_event(const Event& event, Counters& counters) {
  switch (event.outcome) {
    case Outcome::hit:
      counters.add(Counter::hits);
      if (event.remote) counters.add(Counter::remote_hits);
      if (event.prefetched) counters.add(Counter::prefetched_hits);
      counters.add(Counter::time_saved_ns, event.cost_us * 1000);
      counters.add(Counter::bytes_served, event.bytes);
      break;
    case Outcome::miss:
      counters.add(Counter::misses);
      if (event.dup) counters.add(Counter::dups);
      break;
    case Outcome::bypass:
      counters.add(Counter::bypasses);
      counters.add_bypass_reason(event.reason);
      break;
    case Outcome::failure:
      counters.add(Counter::failures);
      break;
    case Outcome::running:
      return;
  }
  counters.add(Counter::tool_runs, event.tool_runs);
  counters.add_not_stored(event.not_stored);
}

// Opens only a regular file: opening a FIFO could hang.
Result<os::Fd> open_event_file(const std::string& path, std::uint64_t size_max) {
  const auto there = TRY(os::stat_file(path));
  if (there && (!there->is_regular() || there->size > size_max))
    return Error{Code::invalid, 0,
                 path + " is not a regular file, so no events are written: remove it"};
  return os::open_append(path);
}

}  // namespace

std::string journal_dir(const std::string& cache_dir) { return cache_dir + "/journal"; }

std::unique_ptr<Journal> Journal::open(const std::string& cache_dir, std::uint64_t rotate_bytes) {
  return std::unique_ptr<Journal>(
      new Journal(cache_dir.empty() ? "" : journal_dir(cache_dir), rotate_bytes));
}

Journal::Journal(std::string dir, std::uint64_t rotate_bytes)
    : dir_(std::move(dir)), rotate_bytes_(rotate_bytes), files_(open_files()) {}

std::shared_ptr<Journal::Files> Journal::open_files() const {
  if (dir_.empty())
    return std::make_shared<Files>(Files{{}, Counters::in_memory(), true, os::monotonic_ns()});
  auto counters = [&]() -> Result<Counters> {
    TRY(os::make_directories(dir_));
    TRY(prepare_troubles(dir_));
    return Counters::open(dir_);
  }();
  auto events = open_event_file(dir_ + "/" + kEventsFile, rotate_bytes_ + kOverrunMax);
  const bool complete = counters && events;
  return std::make_shared<Files>(Files{events ? *std::move(events) : os::Fd(),
                                       counters ? *std::move(counters) : Counters::in_memory(),
                                       complete, os::monotonic_ns()});
}

// True if the event file is full, or was renamed or removed by another process.
bool Journal::needs_reopening(const Files& files) {
  if (dir_.empty()) return false;
  if (!files.complete) return os::monotonic_ns() - files.opened_ns > kReopenPauseNs;
  const auto id = os::stat_fd(files.events);
  if (!id) return true;
  if (id->links != 0 && id->size < rotate_bytes_) return false;
  if (id->links != 0) rotate(files);
  return true;
}

// Renames the event file if it is still the one that is open here; otherwise another process did.
void Journal::rotate(const Files& files) {
  const std::string path = dir_ + "/" + kEventsFile;
  const auto lock = os::try_lock_file(dir_ + "/lock");
  if (!lock || !*lock) return;  // another process rotates
  const auto ours = os::stat_fd(files.events);
  const auto current = os::stat_file(path);
  if (!ours || !current || !*current || (*current)->inode != ours->inode) return;
  // If this fails, the file keeps growing; the next event tries again.
  ignore(os::rename_file(path, dir_ + "/" + kOlderEventsFile), "the next event tries again");
}

std::shared_ptr<Journal::Files> Journal::files() {
  std::shared_ptr<Files> current;
  {
    MutexLock lock(mutex_);
    current = files_;
  }
  if (!needs_reopening(*current)) return current;
  auto fresh = open_files();
  MutexLock lock(mutex_);
  files_ = fresh;
  return fresh;
}

void Journal::record(const Event& event) {
  const std::shared_ptr<Files> open = files();
  count_event(event, open->counters);
  if (dir_.empty()) return;
  std::string line;
  line.reserve(1024);
  if (event.time_ns == 0) {
    Event stamped = event;
    stamped.time_ns = os::wall_ns();
    append_line(stamped, line);
  } else {
    append_line(event, line);
  }
  if (!open->events || !os::write_fd(open->events, line)) {
    lost_.fetch_add(1, std::memory_order_relaxed);
    trouble("journal: an event could not be written");
  }
}

void Journal::record_key(const KeyRecord& record) {
  if (!dir_.empty()) ignore(append_key(dir_, record), "`deja why` then compares with less");
}

void Journal::trouble(std::string_view text) {
  count(Counter::errors);
  if (!dir_.empty()) ignore(note_trouble(dir_, text), "then only the count remains");
}

void Journal::count(Counter counter, std::uint64_t n) {
  std::shared_ptr<Files> open;
  {
    MutexLock lock(mutex_);
    open = files_;
  }
  open->counters.add(counter, n);
}

Counts Journal::counts() {
  MutexLock lock(mutex_);
  return files_->counters.read();
}

}  // namespace deja::journal
