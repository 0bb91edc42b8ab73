// SPDX-License-Identifier: Apache-2.0
// A log for a run that C++ code starts (tests, the engine's trial runs): the memfd, its mapping, and the
// environment entries that make a tool report to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "observe/log_create.h"
#include "observe/log_reader.h"
#include "os/fd.h"

namespace deja::observe {

// Owns the memfd. Lives until the run has ended; not thread-safe.
class LogFile {
 public:
  // client: see create_log().
  static Result<LogFile> create(const std::string& client = {},
                                std::uint64_t capacity = kLogCapacity);

  // The value of DEJA_LOG_VARIABLE.
  const std::string& path() const { return path_; }
  // The environment with the two entries that make a program report to this log; the user's LD_PRELOAD
  // stays first. interposer: absolute path of libdeja-observe.so, without ':' and spaces.
  std::vector<std::string> observed(std::vector<std::string> environment,
                                    const std::string& interposer) const;
  // The bytes written so far.
  Result<std::string> bytes() const;
  Result<Log> read() const;

 private:
  LogFile(os::Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  os::Fd fd_;
  std::string path_;
};

}  // namespace deja::observe
