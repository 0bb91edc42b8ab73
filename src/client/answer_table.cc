// SPDX-License-Identifier: Apache-2.0
// The order of the steps is what makes an answer right (docs/decisions/0015-answer-table.md): an even version, the
// entry, then the kernel's queue of notices, then the same version. Whatever is read from the table is bounded before
// it is used, because another process may change it at any time.
#include "client/answer_table.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "client/clock.h"
#include "os/fd.h"
#include "os/places.h"
#include "os/text_buffer.h"
#include "wire/build.h"
#include "wire/request_form.h"

namespace deja::client {
namespace {

// How often to look again while the engine takes notices, which takes it some microseconds. On a loaded machine each
// pause may last milliseconds, and to ask the engine takes less.
constexpr int kTries = 4;
// Room that stays free for clients that have looked and not yet written their note.
constexpr std::uint64_t kNotesReserve = 256;

char answer[wire::kTableAnswerMax];

// The process that holds the lock on the first byte; 0: none that is visible here.
pid_t owner_of(const os::Fd& file) {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  if (::fcntl(file.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK || lock.l_pid < 0)
    return 0;
  return lock.l_pid;
}

// Permissions depend on groups, so an engine with other groups could have read what this process may not.
bool has_groups(const wire::TableHeader& header) {
  gid_t groups[wire::kTableGroupsMax];
  const int count = ::getgroups(wire::kTableGroupsMax, groups);
  return count >= 0 && static_cast<std::uint32_t>(count) == header.group_count &&
         std::memcmp(groups, header.groups, static_cast<std::size_t>(count) * sizeof(gid_t)) == 0;
}

int copy_of(int process, int descriptor) {
  return static_cast<int>(::syscall(SYS_pidfd_getfd, process, descriptor, 0));
}

}  // namespace

AnswerTable::AnswerTable(const char* cache_directory) {
  if (!attach(cache_directory)) header_ = nullptr;
}

bool AnswerTable::read(std::uint64_t offset, void* to, std::size_t size) {
  return ::pread(memory_, to, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
}

bool AnswerTable::attach(const char* cache_directory) {
  char path[os::kPlaceMax];
  os::TextBuffer text(path, sizeof(path));
  if (!text.add(cache_directory).add("/").add(os::kAnswersFile).fits()) return false;
  // It is closed before anything is executed. A FIFO in its place must not block.
  const os::Fd file(::open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  struct stat st = {};
  if (!file || ::fstat(file.get(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != ::geteuid() ||
      (st.st_mode & 077) != 0)
    return false;
  wire::TableAddress address;
  if (::read(file.get(), &address, sizeof(address)) != sizeof(address) ||
      address.magic != wire::kTableMagic || address.build != wire::build_number())
    return false;
  const pid_t owner = owner_of(file);
  if (owner == 0) return false;
  const os::Fd process(static_cast<int>(::syscall(SYS_pidfd_open, owner, 0)));
  if (!process) return false;
  memory_ = copy_of(process.get(), address.memory);
  notices_ = copy_of(process.get(), address.notices);
  mounts_ = copy_of(process.get(), address.mounts);
  // It is the owner still, so these are the owner's: its number was not given to another process meanwhile.
  if (memory_ < 0 || notices_ < 0 || mounts_ < 0 || owner_of(file) != owner) return false;
  void* const mapped =
      ::mmap(nullptr, sizeof(wire::TableHeader), PROT_READ | PROT_WRITE, MAP_SHARED, memory_, 0);
  if (mapped == MAP_FAILED) return false;
  header_ = static_cast<wire::TableHeader*>(mapped);
  return header_->magic == wire::kTableMagic && header_->nonce == address.nonce &&
         has_groups(*header_);
}

// poll(2) tells of a change of the mounts once, to whoever asks first. So one client at a time asks, and says what it
// has seen before the next one may.
AnswerTable::Look AnswerTable::look_for_changes() {
  SharedWord<std::uint32_t>& mounts = header_->mounts;
  const auto self = static_cast<std::uint32_t>(::getpid());
  const std::uint32_t before = mounts.exchange_if(wire::kMountsIdle, self);
  if (before == wire::kMountsChanged) return Look::changed;
  if (before != wire::kMountsIdle) return Look::busy;
  struct pollfd fds[2] = {{notices_, POLLIN, 0}, {mounts_, POLLPRI, 0}};
  const int ready = ::poll(fds, 2, 0);
  if (ready < 0 || fds[1].revents != 0) {
    mounts.set(wire::kMountsChanged);
    return Look::changed;
  }
  // The engine may have given up on this process and taken its turn away.
  if (mounts.exchange_if(self, wire::kMountsIdle) != self) return Look::changed;
  return ready == 0 ? Look::unchanged : Look::busy;
}

// Compares in pieces, in one page of memory.
bool AnswerTable::is_form(std::uint64_t offset, std::string_view form) {
  static char piece[4096];
  while (!form.empty()) {
    const std::size_t size = form.size() < sizeof(piece) ? form.size() : sizeof(piece);
    if (!read(offset, piece, size) || std::memcmp(piece, form.data(), size) != 0) return false;
    offset += size;
    form.remove_prefix(size);
  }
  return true;
}

TableAnswer AnswerTable::read_entry(std::uint64_t place, std::string_view form) {
  const std::uint64_t first = place & 0xffffffff;
  const std::uint64_t words = place >> 32;
  std::uint64_t head[2];
  const std::uint64_t offset = offsetof(wire::Table, heap) + first * sizeof(head[0]);
  if (words > wire::kHeapWords || first > wire::kHeapWords - words ||
      !read(offset, head, sizeof(head)))
    return {};
  const std::size_t answer_size = head[1] >> 32;
  const std::size_t form_words = wire::words_for(form.size());
  if ((head[1] & 0xffffffff) != form.size() || answer_size > sizeof(answer) ||
      words != 2 + form_words + wire::words_for(answer_size))
    return {};
  if (!is_form(offset + sizeof(head), form) ||
      !read(offset + (2 + form_words) * sizeof(head[0]), answer, answer_size))
    return {};
  return {head[0], {answer, answer_size}};
}

TableAnswer AnswerTable::find(std::string_view form, std::uint64_t hash) {
  wire::TableSlot bucket[wire::kBucketSlots];
  if (!read(offsetof(wire::Table, buckets) + hash % wire::kBuckets * sizeof(bucket), bucket,
            sizeof(bucket)))
    return {};
  for (const wire::TableSlot& slot : bucket) {
    if (slot.place == 0 || slot.hash != hash) continue;
    const TableAnswer found = read_entry(slot.place, form);
    if (!found.bytes.empty()) return found;
  }
  return {};
}

TableAnswer AnswerTable::take(std::string_view request) {
  if (header_ == nullptr) return {};
  const std::string_view form = wire::form_of(request);
  if (form.empty() || form.size() > wire::kFormMax ||
      header_->next_note.get() - header_->notes_taken.get() > wire::kNotes - kNotesReserve)
    return {};
  const std::uint64_t hash = wire::hash_bytes(form);
  for (int i = 0; i < kTries; ++i) {
    if (i > 0) ::sched_yield();
    const std::uint64_t version = header_->version.get();
    if (version % 2 != 0) continue;
    const TableAnswer found = find(form, hash);
    if (found.bytes.empty() || time_ns(CLOCK_MONOTONIC) >= header_->valid_until_ns.get()) return {};
    const Look look = look_for_changes();
    if (look == Look::changed) return {};
    if (look == Look::unchanged && header_->version.get() == version) return found;
  }
  return {};
}

void AnswerTable::note_use(const TableAnswer& used, std::int64_t started_ns,
                           std::uint64_t cloned_bytes) {
  const std::uint64_t number = header_->next_note.add(1);
  wire::TableNote note;
  note.id = used.id;
  note.ended_ns = static_cast<std::uint64_t>(time_ns(CLOCK_REALTIME));
  note.elapsed_ns = static_cast<std::uint64_t>(time_ns(CLOCK_MONOTONIC) - started_ns);
  note.cloned_bytes = cloned_bytes;
  note.sequence = note.check(number);
  const std::uint64_t offset = offsetof(wire::Table, notes) + number % wire::kNotes * sizeof(note);
  // A note that is lost is a use that is not counted.
  if (::pwrite(memory_, &note, sizeof(note), static_cast<off_t>(offset)) < 0) return;
}

}  // namespace deja::client
