// SPDX-License-Identifier: Apache-2.0
#include "observe/log_file.h"

#include <algorithm>

namespace deja::observe {

Result<LogFile> LogFile::create(const std::string& client, std::uint64_t capacity) {
  NewLog log;
  if (!create_log(log, client.empty() ? nullptr : client.c_str(), capacity))
    return sys_error("memfd_create", "the trace log");
  return LogFile(os::Fd(log.fd), log.path);
}

std::vector<std::string> LogFile::observed(std::vector<std::string> environment,
                                           const std::string& interposer) const {
  constexpr std::string_view kPreload = "LD_PRELOAD=";
  bool preloaded = false;
  for (std::string& entry : environment) {
    if (!entry.starts_with(kPreload)) continue;
    entry += ":" + interposer;
    preloaded = true;
  }
  if (!preloaded) environment.push_back(std::string(kPreload) + interposer);
  environment.push_back(std::string(DEJA_LOG_VARIABLE) + "=" + path_);
  return environment;
}

Result<std::string> LogFile::bytes() const {
  deja_log_header header;
  if (::pread(fd_.get(), &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header))
    return sys_error("pread", path_);
  const std::uint64_t size = std::min(header.tail, header.capacity);
  std::string out(size, '\0');
  for (std::uint64_t at = 0; at < size;) {
    const ssize_t n = ::pread(fd_.get(), out.data() + at, size - at, static_cast<off_t>(at));
    if (n <= 0) return sys_error("pread", path_);
    at += static_cast<std::uint64_t>(n);
  }
  return out;
}

Result<Log> LogFile::read() const {
  const std::string all = TRY(bytes());
  return read_log(all);
}

}  // namespace deja::observe
