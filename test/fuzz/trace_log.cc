// SPDX-License-Identifier: Apache-2.0
// Trace logs: any process of a run can write to one. The input is the records, and once more the beginning of a whole
// log. A log without a gap has only absolute paths (and bare names of libraries).
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/check.h"
#include "observe/log_reader.h"

namespace {

bool is_path(const std::string& text) { return text.starts_with('/'); }

void read(const std::string& bytes) {
  const auto log = deja::observe::read_log(bytes);
  if (!log) return;
  CHECK(log->events.size() <= bytes.size() / sizeof(deja_log_record));
  CHECK(log->starts.size() <= log->events.size());
  if (!log->gap.empty()) return;
  CHECK(!log->has_unseen_program);
  for (const deja::observe::Event& e : log->events) {
    const deja_texts texts = deja_texts_of(e.op);
    CHECK(texts != DEJA_TEXT_NONE);
    const bool is_bare = e.op == DEJA_OP_LIBRARY && e.path.find('/') == std::string::npos;
    CHECK(texts < DEJA_TEXT_PATH || is_bare || is_path(e.path));
    CHECK(texts != DEJA_TEXT_TWO_PATHS || is_path(e.text));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  deja_log_header header = {};
  header.magic = DEJA_LOG_MAGIC;
  header.version = DEJA_LOG_VERSION;
  header.capacity = 1U << 20;
  header.client_device = 1;
  header.client_inode = 99;
  header.tail = DEJA_LOG_HEADER_BYTES + size;
  std::string log(DEJA_LOG_HEADER_BYTES, '\0');
  std::memcpy(log.data(), &header, sizeof(header));
  read(log + input);
  // The header is the input's as well, behind the magic number.
  constexpr std::size_t kFixed = 8;
  if (size < sizeof(header) - kFixed) return 0;
  std::memcpy(log.data() + kFixed, data, sizeof(header) - kFixed);
  read(log + input.substr(sizeof(header) - kFixed));
  return 0;
}
