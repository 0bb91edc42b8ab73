#include "journal/open_file.h"

#include <fcntl.h>

#include <cerrno>

#include "os/failpoint.h"

namespace deja::journal {
namespace {

// O_NONBLOCK: a FIFO in the way must not hang us.
Result<os::Fd> open_file(const std::string& path, int flags) {
  if (const int injected = os::failpoint(); injected != 0)
    return sys_error_code(injected, "open", path);
  os::Fd fd(::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!fd) return sys_error("open", path);
  return fd;
}

}  // namespace

Result<os::Fd> open_append(const std::string& path) {
  return open_file(path, O_WRONLY | O_APPEND | O_CREAT);
}

Result<std::optional<os::Fd>> open_read_write_if_exists(const std::string& path) {
  auto fd = open_file(path, O_RDWR);
  if (fd) return std::optional(*std::move(fd));
  if (fd.error().sys_errno == ENOENT) return std::optional<os::Fd>();
  return std::move(fd).error();
}

}  // namespace deja::journal
