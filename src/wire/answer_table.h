// SPDX-License-Identifier: Apache-2.0
// The layout of the answer table: shared memory in which a warm engine offers the answers that it has proven, so
// that a client can take one without waking the engine. Freestanding; docs/decisions/0015-answer-table.md has
// the protocol and why it is safe.
//
//   header, one page | notes, a ring | slots, in buckets | heap of entries
//
// A client maps the header alone and reads and writes the rest by pread(2) and pwrite(2): in a process as short as
// that, a page that is mapped costs 2 to 7 µs, and a read 0.3 µs.
//
// An entry in the heap, in words of 8 bytes:
//   id | size of the form in bytes (low 32 bits), size of the answer in bytes (high 32 bits)
//   | the form (request_form.h), padded with zeros | the answer (below), padded with zeros
//
// The answer in the layout of codec.h: u32 count of files, then for each file
//   text path with its NUL, u32 flags (kFile…), u32 mode, and
//   with kFileInline:  text content
//   else:              text path of the blob with its NUL, then u64 size, device, inode, mtime and ctime (ns) that it
//                      must have
// and up to the end the body of a replay (messages.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/shared_word.h"

namespace deja::wire {

inline constexpr std::uint64_t kTableMagic = 0x3262617461'6a6564;  // changes with the layout
inline constexpr std::size_t kNotes = 4096;
inline constexpr std::size_t kSlots = 16384;
// A request is in one of the slots of its bucket.
inline constexpr std::size_t kBucketSlots = 8;
inline constexpr std::size_t kBuckets = kSlots / kBucketSlots;
inline constexpr std::size_t kHeapWords = (48 << 20) / sizeof(std::uint64_t);
// A larger request or answer is not offered.
inline constexpr std::size_t kFormMax = 128 * 1024;
inline constexpr std::size_t kTableAnswerMax = 32 * 1024;
// Content up to this size is in the table itself: 4 KiB is an object of a small C file.
inline constexpr std::size_t kInlineFileMax = 16 * 1024;
// A larger file is left to the engine: its copy takes so long that waking the engine costs nothing, and the client
// holds signals back while it places files.
inline constexpr std::uint64_t kTableFileMax = 16 << 20;
inline constexpr std::uint32_t kTableFilesMax = 16;
inline constexpr std::size_t kTableGroupsMax = 32;

inline constexpr std::uint32_t kFileInline = 1;
// What is in the file's place must be a plain file of the user's with this mode and no other name.
inline constexpr std::uint32_t kFileKeepsPlace = 2;

// Who has polled the descriptor for mounts: nobody, a client (its process), or one that saw a change.
inline constexpr std::uint32_t kMountsIdle = 0;
inline constexpr std::uint32_t kMountsChanged = ~std::uint32_t{0};

struct TableNote {
  std::uint64_t id = 0;        // of the entry
  std::uint64_t ended_ns = 0;  // wall clock
  std::uint64_t elapsed_ns = 0;
  std::uint64_t cloned_bytes = 0;  // of the files that were placed
  // check() of its place in the order of all notes. So a note that is written in part does not count.
  std::uint64_t sequence = 0;

  std::uint64_t check(std::uint64_t number) const {
    return (number + 1) ^ (id * 3) ^ (ended_ns * 5) ^ (elapsed_ns * 7) ^ (cloned_bytes * 11);
  }
};

struct TableSlot {
  std::uint64_t hash;
  std::uint64_t place;  // first word in the heap (low 32 bits), words (high 32 bits); 0: empty
};

struct TableHeader {
  std::uint64_t magic;
  std::uint64_t nonce;                      // the address file's (TableAddress)
  SharedWord<std::uint64_t> version;        // odd while entries or their validity change
  SharedWord<std::int64_t> valid_until_ns;  // on the monotonic clock
  SharedWord<std::uint32_t> mounts;         // kMounts…, or a process
  std::uint32_t group_count;                // the engine's supplementary groups
  std::uint32_t groups[kTableGroupsMax];    // ascending
  SharedWord<std::uint64_t> next_note;      // how many notes were begun
  SharedWord<std::uint64_t> notes_taken;    // how many of these the engine has taken
};

struct Table {
  union {
    TableHeader header;
    char page[4096];
  };
  TableNote notes[kNotes];
  TableSlot buckets[kBuckets][kBucketSlots];
  std::uint64_t heap[kHeapWords];
};
static_assert(sizeof(TableHeader) <= 4096 && offsetof(Table, notes) == 4096);

// The content of the file that leads to the table (os::kAnswersFile). The engine holds a lock (fcntl(2), F_SETLK) on
// its first byte, so a client learns from the kernel which process that is.
struct TableAddress {
  std::uint64_t magic = kTableMagic;
  std::uint64_t nonce = 0;
  std::uint32_t build = 0;  // build_number()
  // Descriptors of the engine's.
  std::int32_t memory = -1, notices = -1, mounts = -1;
};
static_assert(sizeof(TableAddress) == 32);

constexpr std::size_t words_for(std::size_t bytes) { return (bytes + 7) / 8; }

// Finds candidates; their bytes are compared as well. Pads with zeros.
inline std::uint64_t hash_bytes(std::string_view bytes) {
  std::uint64_t h = 0x9e3779b97f4a7c15;
  const auto mix = [&h](std::uint64_t word) {
    h = (h ^ word) * 0xff51afd7ed558ccd;
    h ^= h >> 32;
  };
  std::uint64_t word = 0;
  for (; bytes.size() >= sizeof(word); bytes.remove_prefix(sizeof(word))) {
    std::memcpy(&word, bytes.data(), sizeof(word));
    mix(word);
  }
  word = 0;
  if (!bytes.empty()) std::memcpy(&word, bytes.data(), bytes.size());
  mix(word);
  return h;
}

}  // namespace deja::wire
