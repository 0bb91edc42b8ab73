// SPDX-License-Identifier: Apache-2.0
// Writes records into the log that the client has made (preload/log_layout.h). The supervisor is the
// only writer of its log, but follows the protocol for many.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "observe/preload/log_layout.h"

namespace deja::observe::supervise {

deja_log_identity identity_of(const struct stat& st);

struct NewRecord {
  deja_op op = DEJA_OP_PROCESS;
  std::uint16_t flags = 0;
  std::int32_t pid = 0;
  std::int32_t error = 0;
  std::uint32_t value = 0;
  std::string_view text = {}, text2 = {};
  const deja_log_identity* identity = nullptr;
  bool once = false;  // an equal record may be dropped
};

class LogWriter {
 public:
  LogWriter() = default;
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  // False: there is no log, and nothing will be recorded.
  bool open(const char* path);

  // The time stamp of the records that follow.
  void begin();
  void write(const NewRecord& record);
  void lose(deja_lost why);
  bool has_lost() const;
  // True if it is deja's own client.
  bool is_client(const deja_log_identity& file) const;

 private:
  bool is_repeated(const NewRecord& record);

  char* memory_ = nullptr;
  std::uint64_t capacity_ = 0;
  std::int64_t when_ns_ = 0;
  std::unordered_set<std::uint64_t> seen_;
};

}  // namespace deja::observe::supervise
