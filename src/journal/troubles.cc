// SPDX-License-Identifier: Apache-2.0
// A new text takes a free slot, or else the slot whose trouble occurred last the longest time ago. All
// accesses hold the journal's lock.
#include "journal/troubles.h"

#include <algorithm>
#include <cstring>

#include "journal/shared_file.h"
#include "os/clock.h"
#include "os/file.h"

namespace deja::journal {
namespace {

constexpr std::string_view kTroublesMagic = "dejatrb1";
constexpr std::string_view kName = "troubles";

struct TroubleSlot {
  std::uint64_t count;
  std::int64_t first_ns, last_ns;
  std::uint32_t size;
  char text[kTroubleTextMax];

  std::string_view view() const { return {text, std::min<std::size_t>(size, kTroubleTextMax)}; }
};
static_assert(sizeof(TroubleSlot) == 512);

struct TroublesFile {
  char magic[8];
  char padding[504];
  TroubleSlot slots[kTroubles];
};

std::string path_in(const std::string& dir) { return dir + "/" + std::string(kName); }

// Maps the file, takes the lock and calls use(layout). In this order, because making the file takes the
// lock too; if the file is replaced in between, one trouble is lost.
template <typename Use>
Status with_file(const std::string& dir, Use use) {
  const os::Mapping mapping =
      TRY(open_shared_file(dir, kName, kTroublesMagic, sizeof(TroublesFile)));
  const os::Fd lock = TRY(lock_journal(dir));
  void* const bytes = mapping.data();
  use(*static_cast<TroublesFile*>(bytes));
  return {};
}

std::string one_line(std::string_view text) {
  std::string line(text.substr(0, kTroubleTextMax));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  return line;
}

TroubleSlot& slot_for(TroublesFile& file, std::string_view line) {
  TroubleSlot* oldest = &file.slots[0];
  for (TroubleSlot& slot : file.slots) {
    if (slot.count != 0 && slot.view() == line) return slot;
    if (slot.count == 0 ? oldest->count != 0 : oldest->count != 0 && slot.last_ns < oldest->last_ns)
      oldest = &slot;
  }
  *oldest = TroubleSlot{};
  oldest->size = static_cast<std::uint32_t>(line.size());
  std::memcpy(oldest->text, line.data(), line.size());
  return *oldest;
}

}  // namespace

Status prepare_troubles(const std::string& dir) {
  const auto there = TRY(os::stat_file(path_in(dir)));
  if (there && there->size >= sizeof(TroublesFile)) return {};
  return with_file(dir, [](TroublesFile&) {});
}

Status note_trouble(const std::string& dir, std::string_view text) {
  const std::string line = one_line(text);
  return with_file(dir, [&](TroublesFile& file) {
    TroubleSlot& slot = slot_for(file, line);
    slot.last_ns = os::wall_ns();
    if (slot.count == 0) slot.first_ns = slot.last_ns;
    ++slot.count;
  });
}

Result<std::vector<Trouble>> read_troubles(const std::string& dir) {
  std::vector<Trouble> out;
  if (!TRY(os::stat_file(path_in(dir)))) return out;
  TRY(with_file(dir, [&](TroublesFile& file) {
    for (const TroubleSlot& slot : file.slots)
      if (slot.count != 0)
        out.push_back({std::string(slot.view()), slot.count, slot.first_ns, slot.last_ns});
  }));
  std::ranges::sort(out, std::ranges::greater(), &Trouble::last_ns);
  return out;
}

Status clear_troubles(const std::string& dir) {
  if (!TRY(os::stat_file(path_in(dir)))) return {};
  return with_file(dir, [](TroublesFile& file) {
    for (TroubleSlot& slot : file.slots) slot = TroubleSlot{};
  });
}

}  // namespace deja::journal
