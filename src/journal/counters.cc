// SPDX-License-Identifier: Apache-2.0
// Every number is changed by atomic operations on a mapped file. A slot gets its name in two steps, so that
// other processes never see half a name.
#include "journal/counters.h"

#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <span>
#include <thread>

#include "journal/shared_file.h"
#include "os/clock.h"

namespace deja::journal {
namespace {

constexpr std::string_view kCountersMagic = "dejacnt1";
constexpr std::size_t kNumbers = 64;
constexpr std::size_t kSlots = 64;
constexpr std::string_view kReasonsMagic = "dejanst1";
constexpr std::size_t kReasonSlots = 128;

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

struct ReasonsFile {
  char magic[8];
  NamedSlot slots[kReasonSlots];
};
static_assert(sizeof(ReasonsFile) % sizeof(std::uint64_t) == 0);
static_assert(kCounters <= kNumbers);
static_assert(std::atomic_ref<std::uint64_t>::is_always_lock_free,
              "counts are shared by processes");

CountersFile& layout(void* data) { return *static_cast<CountersFile*>(data); }
ReasonsFile& reasons(void* data) { return *static_cast<ReasonsFile*>(data); }

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

NamedSlot* find_slot(std::span<NamedSlot> slots, std::string_view name) {
  for (NamedSlot& slot : slots) {
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

// A name without a slot is not counted; there are more slots than names of ours.
void count_name(std::span<NamedSlot> slots, std::string_view name) {
  name = name.substr(0, sizeof(NamedSlot::name));
  if (name.empty()) return;
  if (NamedSlot* slot = find_slot(slots, name)) add_to(slot->count, 1);
}

std::vector<NamedCount> counts_of(std::span<NamedSlot> slots) {
  std::map<std::string, std::uint64_t, std::less<>> sums;
  for (NamedSlot& slot : slots)
    if (std::atomic_ref(slot.state).load(std::memory_order_acquire) == kNamed)
      if (const std::uint64_t count = load(slot.count); count != 0)
        sums[std::string(name_of(slot))] += count;
  std::vector<NamedCount> counts;
  counts.reserve(sums.size());
  for (auto& [name, count] : sums) counts.push_back({name, count});
  return counts;
}

constexpr std::array<const char*, kCounters> kNames = {
    "hits",      "misses",      "dups",          "bypasses",     "failures",       "errors",
    "tool_runs", "remote_hits", "time_saved_ns", "bytes_served", "prefetched_hits"};

}  // namespace

const char* counter_name(Counter counter) { return kNames[static_cast<std::size_t>(counter)]; }

Result<Counters::Shared> Counters::map(const std::string& dir, std::string_view name,
                                       std::string_view magic, std::size_t size) {
  Shared shared;
  shared.mapping = TRY(open_shared_file(dir, name, magic, size));
  shared.data = shared.mapping.data();
  return shared;
}

Counters::Shared Counters::allocate(std::size_t size) {
  Shared shared;
  shared.memory = std::make_unique<std::uint64_t[]>(size / sizeof(std::uint64_t));
  shared.data = shared.memory.get();
  return shared;
}

Result<Counters> Counters::open(const std::string& dir) {
  Counters counters;
  counters.counters_ = TRY(map(dir, "counters", kCountersMagic, sizeof(CountersFile)));
  counters.not_stored_ = std::make_unique<Lazy>();
  counters.not_stored_->dir = dir;
  return counters;
}

Counters Counters::in_memory() {
  Counters counters;
  counters.counters_ = allocate(sizeof(CountersFile));
  counters.not_stored_ = std::make_unique<Lazy>();
  return counters;
}

void* Counters::not_stored() const {
  Lazy& lazy = *not_stored_;
  std::call_once(lazy.once, [&lazy] {
    const std::size_t size = sizeof(ReasonsFile);
    auto mapped = lazy.dir.empty() ? Result<Shared>(allocate(size))
                                   : map(lazy.dir, "not_stored", kReasonsMagic, size);
    lazy.shared = mapped ? *std::move(mapped) : allocate(size);
  });
  return lazy.shared.data;
}

void Counters::add(Counter counter, std::uint64_t n) {
  if (n != 0) add_to(layout(counters_.data).numbers[static_cast<std::size_t>(counter)], n);
}

void Counters::add_bypass_reason(std::string_view name) {
  count_name(layout(counters_.data).slots, name);
}

void Counters::add_not_stored(std::string_view code) {
  if (!code.empty()) count_name(reasons(not_stored()).slots, code);
}

Counts Counters::read() const {
  CountersFile& file = layout(counters_.data);
  Counts counts;
  counts.since_ns = load(file.since_ns);
  for (std::size_t i = 0; i < kCounters; ++i) counts.values[i] = load(file.numbers[i]);
  counts.bypass_reasons = counts_of(file.slots);
  counts.not_stored = counts_of(reasons(not_stored()).slots);
  return counts;
}

void Counters::zero() {
  CountersFile& file = layout(counters_.data);
  for (std::uint64_t& number : file.numbers) store(number, std::uint64_t{0});
  for (NamedSlot& slot : file.slots) store(slot.count, std::uint64_t{0});
  for (NamedSlot& slot : reasons(not_stored()).slots) store(slot.count, std::uint64_t{0});
  store(file.since_ns, os::wall_ns());
}

}  // namespace deja::journal
