#include "os/socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace deja::os {
namespace {

Result<struct sockaddr_un> address_of(const std::string& path) {
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() > kSocketPathMax)
    return Error{Code::invalid, ENAMETOOLONG, "socket path too long: " + path};
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<Fd> stream_socket() {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return sys_error("socket");
  return fd;
}

}  // namespace

Result<Fd> listen_unix(const std::string& path) {
  const auto address = TRY(address_of(path));
  Fd fd = TRY(stream_socket());
  ::unlink(path.c_str());
  const mode_t before = ::umask(0177);
  const int bound =
      ::bind(fd.get(), reinterpret_cast<const struct sockaddr*>(&address), sizeof(address));
  const int bind_errno = errno;
  ::umask(before);
  if (bound != 0) return sys_error_code(bind_errno, "bind", path);
  if (::listen(fd.get(), 1024) != 0) return sys_error("listen", path);
  return fd;
}

Result<std::optional<Fd>> connect_unix(const std::string& path) {
  const auto address = TRY(address_of(path));
  Fd fd = TRY(stream_socket());
  if (::connect(fd.get(), reinterpret_cast<const struct sockaddr*>(&address), sizeof(address)) == 0)
    return std::optional<Fd>(std::move(fd));
  if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR) return std::optional<Fd>();
  return sys_error("connect", path);
}

Result<std::optional<Fd>> accept_unix(const Fd& listener) {
  Fd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (fd) return std::optional<Fd>(std::move(fd));
  if (errno == EINTR || errno == ECONNABORTED || errno == EAGAIN) return std::optional<Fd>();
  return sys_error("accept");
}

Result<Peer> peer_of(const Fd& socket) {
  struct ucred cred = {};
  socklen_t size = sizeof(cred);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &cred, &size) != 0)
    return sys_error("getsockopt SO_PEERCRED");
  return Peer{cred.pid, cred.uid, cred.gid};
}

bool is_readable(const Fd& socket) {
  struct pollfd p = {socket.get(), POLLIN | POLLRDHUP, 0};
  return ::poll(&p, 1, 0) != 0;
}

Status set_receive_timeout_ms(const Fd& socket, int timeout_ms) {
  const struct timeval t = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) != 0)
    return sys_error("setsockopt SO_RCVTIMEO");
  return {};
}

}  // namespace deja::os
