// SPDX-License-Identifier: Apache-2.0
// Tested by shapes_test.cc.
#include "pipeline/shapes.h"

#include <atomic>
#include <cstring>
#include <vector>

#include "base/path.h"
#include "observe/preload/route.h"
#include "os/disk.h"
#include "os/file.h"
#include "os/mapping.h"

namespace deja::pipeline {
namespace {

using action::NotStored;

// Would another run of the command end in the same way, whatever its inputs are?
bool is_lasting(NotStored why) {
  switch (why) {
    case NotStored::read_only:
    case NotStored::tool_failed:
    case NotStored::tool_killed:
    case NotStored::timed_out:
    case NotStored::log_incomplete:
    case NotStored::input_changed:
    case NotStored::input_too_new:
    case NotStored::input_gone:
    case NotStored::input_appeared:
    case NotStored::day_changed:
    case NotStored::output_changed:
    case NotStored::output_contended:
    case NotStored::too_cheap:
    case NotStored::store_failed:
      return false;
    default:
      return true;
  }
}

deja_shape verdict_of(std::uint64_t elapsed_ns, std::optional<NotStored> not_stored) {
  if (elapsed_ns < kWorthNs) return DEJA_SHAPE_SHORT;
  return not_stored && is_lasting(*not_stored) ? DEJA_SHAPE_UNFIT : DEJA_SHAPE_UNKNOWN;
}

std::uint64_t shape_of(const Request& request) {
  const std::string name(base_name(request.argv.front()));
  std::vector<std::string> words(request.argv.begin() + 1, request.argv.end());
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  return deja_shape_of(name.c_str(), arguments.data());
}

// The slot of this shape, else a free one, else one that another shape loses.
std::size_t slot_for(const std::uint64_t* slots, std::uint64_t shape) {
  for (std::size_t i = 0; i < DEJA_SHAPE_PROBES; ++i)
    if ((slots[i] & ~std::uint64_t{3}) == shape) return i;
  for (std::size_t i = 0; i < DEJA_SHAPE_PROBES; ++i)
    if (slots[i] == 0) return i;
  return (shape >> 40) % DEJA_SHAPE_PROBES;
}

}  // namespace

void note_shape(const std::string& path, const Request& request, std::uint64_t elapsed_ns,
                std::optional<NotStored> not_stored) {
  const deja_shape verdict = verdict_of(elapsed_ns, not_stored);
  if (path.empty() || request.argv.empty() || verdict == DEJA_SHAPE_UNKNOWN) return;
  const auto file = os::open_read_write(path);
  if (!file) return;
  const auto identity = os::stat_fd(*file);
  if (!identity || identity->size != DEJA_SHAPES_SIZE) return;
  const auto memory = os::Mapping::read_write(*file, DEJA_SHAPES_SIZE);
  if (!memory) return;
  deja_shapes_head head;
  std::memcpy(&head, memory->data(), sizeof(head));
  if (head.magic != DEJA_SHAPES_MAGIC || head.version != DEJA_SHAPES_VERSION) return;
  const std::uint64_t shape = shape_of(request);
  auto* slots = reinterpret_cast<std::uint64_t*>(memory->data() + deja_shape_offset(shape));
  // A reader sees the old number or the new one; of two writers one is forgotten.
  std::atomic_ref(slots[slot_for(slots, shape)]).store(shape | verdict, std::memory_order_relaxed);
}

}  // namespace deja::pipeline
