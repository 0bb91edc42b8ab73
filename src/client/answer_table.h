// SPDX-License-Identifier: Apache-2.0
// Takes a proven answer from the engine's shared table, without waking the engine (wire/answer_table.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wire/answer_table.h"

namespace deja::client {

// The answer to one request, in this process's own memory. No bytes: there is none.
struct TableAnswer {
  std::uint64_t id = 0;
  std::string_view bytes;
};

class AnswerTable {
 public:
  // Finds the table of the cache directory's engine. Without one take() finds nothing: no engine is running, it is
  // another user's or of another version, or the kernel does not share its descriptors (pidfd_getfd(2)).
  explicit AnswerTable(const char* cache_directory);
  AnswerTable(const AnswerTable&) = delete;
  AnswerTable& operator=(const AnswerTable&) = delete;

  // The answer to the request with this body (messages.h). All that it rests on was unchanged during the call.
  // Called once.
  TableAnswer take(std::string_view request);
  // Tells the engine that the answer was used. started_ns: on the monotonic clock. cloned_bytes: place.h.
  void note_use(const TableAnswer& answer, std::int64_t started_ns, std::uint64_t cloned_bytes);

 private:
  enum class Look { unchanged, changed, busy };
  bool attach(const char* cache_directory);
  Look look_for_changes();
  TableAnswer find(std::string_view form, std::uint64_t hash);
  TableAnswer read_entry(std::uint64_t place, std::string_view form);
  bool is_form(std::uint64_t offset, std::string_view form);
  bool read(std::uint64_t offset, void* to, std::size_t size);

  wire::TableHeader* header_ = nullptr;  // null: there is no table
  // Copies of the engine's descriptors (wire::TableAddress). They are closed when this process ends.
  int memory_ = -1, notices_ = -1, mounts_ = -1;
};

}  // namespace deja::client
