// SPDX-License-Identifier: Apache-2.0
// Makes the bytes of a trace log without a process: for tests of the reader, and of what stands on it.
#pragma once

#include <cstring>
#include <optional>
#include <string>

#include "observe/log_reader.h"
#include "observe/preload/log_layout.h"

namespace deja::observe::testing {

struct Fields {
  int pid = 1;
  int error = 0;
  unsigned value = 0;
  std::uint16_t flags = 0;
  std::optional<os::FileIdentity> identity = {};
  std::int64_t when_ns = 0;
};

class LogBuilder {
 public:
  LogBuilder() {
    header_.magic = DEJA_LOG_MAGIC;
    header_.version = DEJA_LOG_VERSION;
    header_.capacity = 1 << 20;
    header_.client_device = 1;
    header_.client_inode = 99;
  }
  LogBuilder& add(deja_op op, const std::string& text, const std::string& text2 = {},
                  const Fields& fields = {}) {
    deja_log_record record = {};
    record.op = static_cast<std::uint16_t>(op);
    record.flags =
        static_cast<std::uint16_t>(fields.flags | (fields.identity ? DEJA_FLAG_IDENTITY : 0));
    record.pid = fields.pid;
    record.error = fields.error;
    record.value = fields.value;
    record.when_ns = fields.when_ns;
    record.text_size = static_cast<std::uint32_t>(text.size());
    record.text2_size = static_cast<std::uint32_t>(text2.size());
    std::string body;
    if (fields.identity) {
      const deja_log_identity id = {.device = fields.identity->device,
                                    .inode = fields.identity->inode,
                                    .file_size = fields.identity->size,
                                    .mtime_ns = fields.identity->mtime_ns,
                                    .ctime_ns = fields.identity->ctime_ns,
                                    .mode = fields.identity->mode,
                                    .links = fields.identity->links};
      body.append(reinterpret_cast<const char*>(&id), sizeof id);
    }
    body += text + text2;
    body.resize((sizeof record + body.size() + 7) / 8 * 8 - sizeof record);
    record.size = static_cast<std::uint32_t>(sizeof record + body.size());
    records_.append(reinterpret_cast<const char*>(&record), sizeof record);
    records_ += body;
    return *this;
  }
  LogBuilder& start(int pid, int parent, const std::string& cwd = "/w", std::uint16_t flags = 0) {
    return add(DEJA_OP_PROCESS, "/bin/tool", cwd,
               {.pid = pid, .value = static_cast<unsigned>(parent), .flags = flags});
  }
  LogBuilder& raw(const std::string& bytes) {
    records_ += bytes;
    return *this;
  }
  LogBuilder& capacity(std::uint64_t bytes) {
    header_.capacity = bytes;
    return *this;
  }
  LogBuilder& lost(std::uint32_t why) {
    header_.lost = why;
    return *this;
  }
  std::string bytes() const {
    deja_log_header header = header_;
    header.tail = DEJA_LOG_HEADER_BYTES + records_.size();
    std::string out(DEJA_LOG_HEADER_BYTES, '\0');
    std::memcpy(out.data(), &header, sizeof header);
    return out + records_;
  }
  Log read() const {
    auto log = read_log(bytes());
    return log ? *std::move(log) : Log{};
  }

 private:
  deja_log_header header_ = {};
  std::string records_;
};

}  // namespace deja::observe::testing
