// SPDX-License-Identifier: Apache-2.0
#include "os/process_stat.h"

#include <fcntl.h>

#include "os/fd.h"
#include "os/io.h"
#include "os/text_buffer.h"

namespace deja::os {

ssize_t read_text(const char* path, char* out, std::size_t size) {
  const Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
  const ssize_t n = fd ? read_exactly(fd.get(), out, size - 1) : -1;
  if (n >= 0) out[n] = '\0';
  return n < 0 ? -1 : n;
}

std::string_view process_stat(std::string_view pid, char* memory, std::size_t size) {
  char path[64];
  if (pid.empty() || !TextBuffer(path, sizeof(path)).add("/proc/").add(pid).add("/stat").fits())
    return {};
  const ssize_t n = read_text(path, memory, size);
  const std::string_view stat(memory, n > 0 ? static_cast<std::size_t>(n) : 0);
  const std::size_t end = stat.rfind(") ");
  return end == std::string_view::npos ? std::string_view() : stat.substr(end + 2);
}

}  // namespace deja::os
