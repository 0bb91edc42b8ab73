// SPDX-License-Identifier: Apache-2.0
#include "observe/log_file.h"

#include <algorithm>

#include "os/file.h"

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
  char* const head = reinterpret_cast<char*>(&header);
  if (TRY(os::read_at(fd_, 0, head, sizeof header)) != sizeof header)
    return Error{Code::corrupt, 0, "the trace log is shorter than its header"};
  std::string out(std::min(header.tail, header.capacity), '\0');
  out.resize(TRY(os::read_at(fd_, 0, out.data(), out.size())));
  return out;
}

Result<Log> LogFile::read() const {
  const std::string all = TRY(bytes());
  return read_log(all);
}

}  // namespace deja::observe
