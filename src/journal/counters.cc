// SPDX-License-Identifier: Apache-2.0
// Every number is changed by atomic operations on the mapped file. A slot gets its name in two steps, so that
// other processes never see half a name.
#include "journal/counters.h"

#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <thread>

#include "journal/shared_file.h"
#include "os/clock.h"

namespace deja::journal {
namespace {

constexpr std::string_view kMagic = "dejacnt1";
constexpr std::size_t kNumbers = 64;
constexpr std::size_t kSlots = 64;

enum SlotState : std::uint32_t { kFree = 0, kBeingNamed = 1, kNamed = 2 };

struct NamedSlot {
  std::uint32_t state;
  char name[52];
  std::uint64_t count;
};
static_assert(sizeof(NamedSlot) == 64);

struct CountersFile {
  char magic[8];
  std::int64_t since_ns;
  std::uint64_t numbers[kNumbers];
  NamedSlot slots[kSlots];
};
static_assert(sizeof(CountersFile) % sizeof(std::uint64_t) == 0);
static_assert(kCounters <= kNumbers);
static_assert(std::atomic_ref<std::uint64_t>::is_always_lock_free,
              "counts are shared by processes");

CountersFile& layout(void* data) { return *static_cast<CountersFile*>(data); }

void add_to(std::uint64_t& number, std::uint64_t n) {
  std::atomic_ref(number).fetch_add(n, std::memory_order_relaxed);
}
template <typename T>
T load(T& number) {
  return std::atomic_ref(number).load(std::memory_order_relaxed);
}
template <typename T>
void store(T& number, T value) {
  std::atomic_ref(number).store(value, std::memory_order_relaxed);
}

std::string_view name_of(const NamedSlot& slot) {
  return {slot.name, ::strnlen(slot.name, sizeof(slot.name))};
}

// The slot's state once no process is naming it, or kBeingNamed if that process has died.
SlotState settled_state(NamedSlot& slot) {
  for (int tries = 0; tries < 1000; ++tries) {
    const auto state = std::atomic_ref(slot.state).load(std::memory_order_acquire);
    if (state != kBeingNamed) return static_cast<SlotState>(state);
    std::this_thread::yield();
  }
  return kBeingNamed;
}

NamedSlot* find_slot(CountersFile& file, std::string_view name) {
  for (NamedSlot& slot : file.slots) {
    SlotState state = settled_state(slot);
    if (state == kFree) {
      std::uint32_t expected = kFree;
      if (std::atomic_ref(slot.state).compare_exchange_strong(expected, kBeingNamed)) {
        std::memcpy(slot.name, name.data(), name.size());
        std::atomic_ref(slot.state).store(kNamed, std::memory_order_release);
        return &slot;
      }
      state = settled_state(slot);
    }
    if (state == kNamed && name_of(slot) == name) return &slot;
  }
  return nullptr;
}

constexpr std::array<const char*, kCounters> kNames = {
    "hits",   "misses",    "dups",        "bypasses",      "failures",
    "errors", "tool_runs", "remote_hits", "time_saved_ns", "bytes_served"};

}  // namespace

const char* counter_name(Counter counter) { return kNames[static_cast<std::size_t>(counter)]; }

Result<Counters> Counters::open(const std::string& dir) {
  Counters counters;
  counters.mapping_ = TRY(open_shared_file(dir, "counters", kMagic, sizeof(CountersFile)));
  counters.data_ = counters.mapping_.data();
  return counters;
}

Counters Counters::in_memory() {
  Counters counters;
  counters.memory_ =
      std::make_unique<std::uint64_t[]>(sizeof(CountersFile) / sizeof(std::uint64_t));
  counters.data_ = counters.memory_.get();
  return counters;
}

void Counters::add(Counter counter, std::uint64_t n) {
  if (n != 0) add_to(layout(data_).numbers[static_cast<std::size_t>(counter)], n);
}

void Counters::add_bypass_reason(std::string_view name) {
  name = name.substr(0, sizeof(NamedSlot::name));
  if (name.empty()) return;
  // There are more slots than bypass reasons; a name without a slot is not counted.
  if (NamedSlot* slot = find_slot(layout(data_), name)) add_to(slot->count, 1);
}

Counts Counters::read() const {
  CountersFile& file = layout(data_);
  Counts counts;
  counts.since_ns = load(file.since_ns);
  for (std::size_t i = 0; i < kCounters; ++i) counts.values[i] = load(file.numbers[i]);
  std::map<std::string, std::uint64_t, std::less<>> reasons;
  for (NamedSlot& slot : file.slots)
    if (std::atomic_ref(slot.state).load(std::memory_order_acquire) == kNamed)
      if (const std::uint64_t count = load(slot.count); count != 0)
        reasons[std::string(name_of(slot))] += count;
  for (auto& [name, count] : reasons) counts.bypass_reasons.push_back({name, count});
  return counts;
}

void Counters::zero() {
  CountersFile& file = layout(data_);
  for (std::uint64_t& number : file.numbers) store(number, std::uint64_t{0});
  for (NamedSlot& slot : file.slots) store(slot.count, std::uint64_t{0});
  store(file.since_ns, os::wall_ns());
}

}  // namespace deja::journal
