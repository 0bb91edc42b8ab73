// SPDX-License-Identifier: Apache-2.0
// The version is odd from before notices are taken from the kernel's queue until they are applied. So a client that
// reads an even version, then an empty queue, then the same version, knows of every change that happened before.
// A client uses nothing that it has read while the version was odd.
//
// Tested by answer_table_test.cc and, with clients, by test/e2e/answer_table_test.cc.
#include "warm/answer_table.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "os/clock.h"
#include "os/disk.h"
#include "os/file.h"
#include "os/places.h"
#include "os/shared_memory.h"
#include "wire/build.h"

namespace deja::warm {
namespace {

// A client that has read an entry leaves its note within this time, or the use is not counted.
constexpr std::int64_t kRetiredNs = 2'000'000'000;
// A note that is begun and not completed for so long is of a client that was killed.
constexpr std::int64_t kStuckNs = 1'000'000'000;

// Copies bytes and pads them with zeros. Returns where the next word goes.
std::uint64_t* put_bytes(const std::string& bytes, std::uint64_t* to) {
  const std::size_t words = wire::words_for(bytes.size());
  if (words == 0) return to;
  to[words - 1] = 0;
  std::memcpy(to, bytes.data(), bytes.size());
  return to + words;
}

}  // namespace

// The version is odd while one of these exists.
class AnswerTable::Changing {
 public:
  explicit Changing(AnswerTable& table) : table_(table) { table_.begin(); }
  ~Changing() { table_.end(); }
  Changing(const Changing&) = delete;
  Changing& operator=(const Changing&) = delete;

 private:
  AnswerTable& table_;
};

Result<std::unique_ptr<AnswerTable>> AnswerTable::open(const std::string& cache_dir,
                                                       WatchSet& watch_set) {
  os::Fd memory = TRY(os::create_shared_memory(sizeof(wire::Table)));
  TRY(os::reserve_shared_memory(memory, 0, offsetof(wire::Table, heap)));
  os::Mapping mapping = TRY(os::Mapping::read_write(memory, sizeof(wire::Table)));
  const std::string address = cache_dir + "/" + std::string(os::kAnswersFile);
  std::unique_ptr<AnswerTable> out(
      new AnswerTable(address, watch_set, std::move(memory), std::move(mapping)));
  wire::TableHeader& header = out->table().header;
  header.magic = wire::kTableMagic;
  if (::getrandom(&header.nonce, sizeof(header.nonce), 0) != sizeof(header.nonce))
    return sys_error("getrandom");
  const int groups = ::getgroups(wire::kTableGroupsMax, header.groups);
  if (groups < 0) return sys_error("getgroups");
  header.group_count = static_cast<std::uint32_t>(groups);
  TRY(out->publish());
  watch_set.set_listener(out.get());
  return out;
}

AnswerTable::AnswerTable(std::string address_path, WatchSet& watch_set, os::Fd memory,
                         os::Mapping mapping)
    : address_path_(std::move(address_path)),
      watch_set_(watch_set),
      memory_(std::move(memory)),
      mapping_(std::move(mapping)),
      by_slot_(wire::kSlots) {}

AnswerTable::~AnswerTable() {
  watch_set_.set_listener(nullptr);
  table().header.valid_until_ns.set(0);
}

Status AnswerTable::publish() {
  wire::TableAddress address;
  address.nonce = table().header.nonce;
  address.build = wire::build_number();
  address.memory = memory_.get();
  address.notices = watch_set_.notices();
  address.mounts = watch_set_.mounts_for_others();
  char bytes[sizeof(address)];
  std::memcpy(bytes, &address, sizeof(address));
  TRY(os::write_file_atomic(address_path_, {bytes, sizeof(bytes)}));
  const MutexLock lock(mutex_);
  // Before the next one is opened: a process that closes a descriptor of a file loses all its locks on that file.
  address_.reset();
  address_ = TRY(os::open_read_write(address_path_));
  return os::lock_first_byte(address_);
}

bool AnswerTable::is_withdrawn() {
  const MutexLock lock(mutex_);
  const auto there = os::stat_fd(address_);
  return !there || there->links == 0;
}

void AnswerTable::begin() {
  const MutexLock lock(mutex_);
  if (changing_++ == 0) table().header.version.add(1);
}

void AnswerTable::end() {
  const MutexLock lock(mutex_);
  if (--changing_ == 0) table().header.version.add(1);
}

void AnswerTable::changed(std::uint64_t id) {
  const MutexLock lock(mutex_);
  remove(id);
}

void AnswerTable::everything_changed() {
  const MutexLock lock(mutex_);
  remove_all();
}

bool AnswerTable::follows(std::uint64_t id) {
  const MutexLock lock(mutex_);
  return entries_.contains(id);
}

bool AnswerTable::mounts_changed() { return table().header.mounts.get() == wire::kMountsChanged; }

void AnswerTable::mounts_applied() { table().header.mounts.set(wire::kMountsIdle); }

void AnswerTable::remove(std::uint64_t id) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  slot_at(entry.slot).place = 0;
  by_slot_[entry.slot] = 0;
  by_word_.erase(entry.first_word);
  const auto [first, last] = by_key_.equal_range(entry.key);
  by_key_.erase(std::find_if(first, last, [&](const auto& item) { return item.second == id; }));
  retirements_.push_back({id, os::monotonic_ns()});
  retired_.emplace(id, std::move(entry));
  entries_.erase(it);
}

void AnswerTable::remove_all() {
  while (!entries_.empty()) remove(entries_.begin()->first);
}

void AnswerTable::clear() {
  ++removals_;
  const Changing changing(*this);
  const MutexLock lock(mutex_);
  remove_all();
}

void AnswerTable::forget(const ActionKey& key) {
  ++removals_;
  const Changing changing(*this);
  const MutexLock lock(mutex_);
  for (auto it = by_key_.find(key); it != by_key_.end(); it = by_key_.find(key)) remove(it->second);
}

bool AnswerTable::has(std::string_view form) {
  const std::uint64_t hash = wire::hash_bytes(form);
  const MutexLock lock(mutex_);
  const std::size_t bucket = hash % wire::kBuckets * wire::kBucketSlots;
  for (std::size_t slot = bucket; slot < bucket + wire::kBucketSlots; ++slot) {
    if (by_slot_[slot] != 0 && entries_.at(by_slot_[slot]).hash == hash) return true;
  }
  return false;
}

bool AnswerTable::put(Offer offer, const std::vector<const WatchSet::Token*>& tokens) {
  if (offer.form.size() > wire::kFormMax || offer.answer.size() > wire::kTableAnswerMax)
    return false;
  const std::uint64_t id = next_id_++;
  return watch_set_.follow(tokens, id, [&] { return insert(std::move(offer), id); });
}

bool AnswerTable::insert(Offer offer, std::uint64_t id) {
  const std::uint64_t hash = wire::hash_bytes(offer.form);
  const std::size_t words =
      2 + wire::words_for(offer.form.size()) + wire::words_for(offer.answer.size());
  const Changing changing(*this);
  const MutexLock lock(mutex_);
  if (offer.removals != removals_) return false;
  const std::size_t slot = choose_slot(hash);
  if (by_slot_[slot] != 0) remove(by_slot_[slot]);
  const std::size_t first_word = make_room(words);
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  if (!os::reserve_shared_memory(memory_, offsetof(wire::Table, heap) + first_word * kWord,
                                 words * kWord))
    return false;
  write(offer, id, first_word);
  slot_at(slot) = {hash, std::uint64_t{words} << 32 | first_word};
  by_slot_[slot] = id;
  by_word_[first_word] = id;
  by_key_.emplace(offer.key, id);
  entries_[id] = Entry{
      offer.key,  std::make_shared<const std::function<void(const Use&)>>(std::move(offer.on_use)),
      hash,       slot,
      first_word, words};
  return true;
}

void AnswerTable::write(const Offer& offer, std::uint64_t id, std::size_t first_word) {
  std::uint64_t* const entry = &table().heap[first_word];
  entry[0] = id;
  entry[1] = std::uint64_t{offer.answer.size()} << 32 | offer.form.size();
  put_bytes(offer.answer, put_bytes(offer.form, entry + 2));
}

// The slot of the same request, else an empty one, else that of the oldest entry.
std::size_t AnswerTable::choose_slot(std::uint64_t hash) {
  const std::size_t bucket = hash % wire::kBuckets * wire::kBucketSlots;
  std::size_t best = bucket;
  for (std::size_t slot = bucket; slot < bucket + wire::kBucketSlots; ++slot) {
    const std::uint64_t id = by_slot_[slot];
    if (id != 0 && entries_.at(id).hash == hash) return slot;
    if (id < by_slot_[best]) best = slot;
  }
  return best;
}

// The heap is a ring: what lies where the next entry goes is the oldest.
std::size_t AnswerTable::make_room(std::size_t words) {
  if (next_word_ + words > wire::kHeapWords) next_word_ = 1;  // 0 means empty in a slot
  const std::size_t first = next_word_;
  next_word_ += words;
  auto it = by_word_.lower_bound(first);
  if (it != by_word_.begin()) {
    const auto before = std::prev(it);
    const Entry& entry = entries_.at(before->second);
    if (entry.first_word + entry.words > first) it = before;
  }
  while (it != by_word_.end() && it->first < first + words) {
    const std::uint64_t id = it->second;
    ++it;
    remove(id);
  }
  return first;
}

// Null: the note is not complete.
std::optional<AnswerTable::Taken> AnswerTable::take_note(std::uint64_t number) {
  const wire::TableNote note = table().notes[number % wire::kNotes];
  if (note.sequence != note.check(number)) {
    const std::int64_t now_ns = os::monotonic_ns();
    if (stuck_note_ != number + 1) {
      stuck_note_ = number + 1;
      stuck_since_ns_ = now_ns;
    }
    if (now_ns - stuck_since_ns_ < kStuckNs) return std::nullopt;
    return Taken{};
  }
  auto known = entries_.find(note.id);
  if (known == entries_.end()) {
    known = retired_.find(note.id);
    if (known == retired_.end()) return Taken{};
  }
  return Taken{known->second.on_use,
               {static_cast<std::int64_t>(note.ended_ns),
                static_cast<std::int64_t>(note.elapsed_ns), note.cloned_bytes}};
}

std::size_t AnswerTable::take_notes() {
  std::vector<Taken> all;
  {
    const MutexLock lock(mutex_);
    wire::TableHeader& header = table().header;
    std::uint64_t next = header.notes_taken.get();
    const std::uint64_t begun = header.next_note.get();
    for (; next != begun; ++next) {
      auto taken = take_note(next);
      if (!taken) break;
      if (taken->on_use != nullptr) all.push_back(*std::move(taken));
    }
    header.notes_taken.set(next);
  }
  for (const Taken& taken : all) (*taken.on_use)(taken.use);
  uses_ += all.size();
  return all.size();
}

void AnswerTable::drop_retired() {
  const std::int64_t now_ns = os::monotonic_ns();
  const auto young = std::ranges::find_if(
      retirements_, [&](const Retired& r) { return now_ns - r.since_ns < kRetiredNs; });
  for (auto it = retirements_.begin(); it != young; ++it) retired_.erase(it->id);
  retirements_.erase(retirements_.begin(), young);
}

// A client that was killed between its poll and what it says of it may have taken the sign of a change.
void AnswerTable::release_stuck_mounts() {
  const std::uint32_t now = table().header.mounts.get();
  if (now != wire::kMountsIdle && now != wire::kMountsChanged && now == mounts_before_)
    table().header.mounts.exchange_if(now, wire::kMountsChanged);
  mounts_before_ = now;
}

std::size_t AnswerTable::upkeep() {
  {
    const MutexLock lock(mutex_);
    release_stuck_mounts();
    drop_retired();
  }
  const std::int64_t compared_ns = watch_set_.compare_followed();
  table().header.valid_until_ns.set(compared_ns + WatchSet::kStampsNs);
  return take_notes();
}

std::size_t AnswerTable::rest() {
  table().header.valid_until_ns.set(0);
  return take_notes();
}

}  // namespace deja::warm
