// SPDX-License-Identifier: Apache-2.0
// The file starts with slots in which runs leave notes for each other; behind them, far beyond its end, each output has
// two bytes that can be locked:
//
//   turn   a write lock: of the run whose turn it is
//   late   a read lock: of the runs that gave up waiting for their turn, until they end
//
// A run that gives up first locks "late" and then changes the slot. A run that gets its turn first reads the slot and
// then looks at "late". So each sees the other, whoever was first. Outputs that share a slot only cost a result.
//
// Tested by output_locks_test.cc and test/e2e/concurrent_test.cc.
#include "os/output_locks.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <thread>

#include "os/clock.h"
#include "os/process.h"

namespace deja::os {
namespace {

constexpr auto kPause = std::chrono::milliseconds(5);
constexpr int kPausesInASecond = 200;
constexpr int kFirstPauses = 4;  // reading /proc costs more than another try

struct Holder {
  std::uint32_t tag = 0;     // of the output
  std::int32_t process = 0;  // 0: not known
};
struct Slot {
  std::uint64_t late = 0;  // changes whenever a run gives up
  Holder holder;
};
constexpr std::uint64_t kSlots = 65536;  // 1 MiB, with holes

off_t slot_of(std::uint64_t output) { return static_cast<off_t>(output % kSlots * sizeof(Slot)); }
std::uint32_t tag_of(std::uint64_t output) { return static_cast<std::uint32_t>(output >> 32); }

enum Byte : std::uint64_t { kTurn = 0, kLate = 1 };
struct flock byte_of(std::uint64_t output, Byte byte, short type) {
  constexpr std::uint64_t kFirst = std::uint64_t{1} << 62;
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(kFirst | (output >> 3 << 1) | byte);
  lock.l_len = 1;
  return lock;
}

Slot read_slot(const Fd& file, std::uint64_t output) {
  Slot slot;  // what lies beyond the end of the file stays zero
  if (::pread(file.get(), &slot, sizeof(slot), slot_of(output)) < 0) return {};
  return slot;
}

void write_at(const Fd& file, off_t offset, const void* data, std::size_t size) {
  // What cannot be written (a full disk) is not known to others, who then wait.
  if (::pwrite(file.get(), data, size, offset) < 0) return;
}

pid_t holder_of(const Fd& file, std::uint64_t output) {
  const Slot slot = read_slot(file, output);
  return slot.holder.tag == tag_of(output) ? slot.holder.process : 0;
}

// Has another program locked the whole file, or a part of it? Its end need not come.
bool is_locked_by_others(const Fd& file, const struct flock& wanted) {
  constexpr pid_t kNoOwner = -1;  // of locks of this kind
  struct flock found = wanted;
  return ::fcntl(file.get(), F_OFD_GETLK, &found) == 0 && found.l_type != F_UNLCK &&
         (found.l_pid != kNoOwner || found.l_start != wanted.l_start ||
          found.l_len != wanted.l_len);
}

bool is_late_run_there(const Fd& file, std::uint64_t output) {
  struct flock lock = byte_of(output, kLate, F_WRLCK);
  return ::fcntl(file.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace

// False: another run has its turn. True also where there is no lock to be had.
bool OutputLocks::try_lock(std::uint64_t output, pid_t holder) {
  struct flock turn = byte_of(output, kTurn, F_WRLCK);
  if (::fcntl(file_.get(), F_OFD_SETLK, &turn) != 0) {
    if (errno != EAGAIN && errno != EACCES) return true;
    if (!is_locked_by_others(file_, turn)) return false;
    return is_shared_ = true;  // nobody knows
  }
  const Holder ours = {tag_of(output), holder};
  write_at(file_, slot_of(output) + static_cast<off_t>(offsetof(Slot, holder)), &ours,
           sizeof(ours));
  locks_.push_back({output, read_slot(file_, output).late});
  if (is_late_run_there(file_, output)) is_shared_ = true;
  return true;
}

void OutputLocks::give_up(std::uint64_t output) {
  is_shared_ = true;
  struct flock late = byte_of(output, kLate, F_RDLCK);
  // Without this lock only a run that has its turn now learns of this one, by the note.
  static_cast<void>(::fcntl(file_.get(), F_OFD_SETLK, &late));
  const std::uint64_t mark =
      static_cast<std::uint64_t>(monotonic_ns()) ^ (static_cast<std::uint64_t>(::getpid()) << 40);
  write_at(file_, slot_of(output), &mark, sizeof(mark));
}

OutputLocks OutputLocks::take(const std::string& file, std::vector<std::uint64_t> outputs,
                              const std::function<bool()>& still_wanted, pid_t holder) {
  OutputLocks out;
  if (file.empty() || outputs.empty()) return out;
  out.file_ =
      Fd(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!out.file_) return out;
  std::sort(outputs.begin(), outputs.end());  // so that two runs never wait for each other
  outputs.erase(std::unique(outputs.begin(), outputs.end()), outputs.end());
  for (const std::uint64_t output : outputs) {
    for (int pauses = 1; !out.try_lock(output, holder); ++pauses) {
      const bool asks_for_holder = pauses % kFirstPauses == 0 || pauses % kPausesInASecond == 0;
      const pid_t other = asks_for_holder ? holder_of(out.file_, output) : 0;
      // This client was started by the run that it would wait for, which would never end.
      if (pauses % kFirstPauses == 0 && is_ancestor(other, holder)) break;
      if (pauses % kPausesInASecond == 0 && (is_stopped(other) || !still_wanted())) {
        out.give_up(output);
        break;
      }
      std::this_thread::sleep_for(kPause);  // tidy-allow: sleep a lock has no deadline
    }
  }
  return out;
}

bool OutputLocks::were_ours() const {
  return !is_shared_ && std::ranges::all_of(locks_, [this](const Lock& lock) {
    // Two ways to see it: on a full disk no note can be left.
    return read_slot(file_, lock.output).late == lock.late &&
           !is_late_run_there(file_, lock.output);
  });
}

}  // namespace deja::os
