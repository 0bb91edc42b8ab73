// SPDX-License-Identifier: Apache-2.0
// A listening socket is made under umask 0177, because bind(2) makes the file and a chmod(2) afterwards would
// be too late.
#include "os/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

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

Status set_send_timeout_ms(const Fd& socket, int timeout_ms) {
  const struct timeval t = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) != 0)
    return sys_error("setsockopt SO_SNDTIMEO");
  return {};
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

Result<std::optional<Fd>> connect_unix(const std::string& path, int patience_ms) {
  const auto address = TRY(address_of(path));
  Fd fd = TRY(stream_socket());
  // This also bounds connect(2) if the listener's queue is full (unix(7)).
  if (patience_ms > 0) TRY(set_send_timeout_ms(fd, patience_ms));
  if (::connect(fd.get(), reinterpret_cast<const struct sockaddr*>(&address), sizeof(address)) ==
      0) {
    if (patience_ms > 0 && ::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) return sys_error("fcntl");
    return std::optional<Fd>(std::move(fd));
  }
  if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR) return std::optional<Fd>();
  return sys_error("connect", path);
}

Result<std::optional<Fd>> accept_unix(const Fd& listener) {
  Fd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (fd) return std::optional<Fd>(std::move(fd));
  if (errno == EINTR || errno == ECONNABORTED || errno == EAGAIN) return std::optional<Fd>();
  return sys_error("accept");
}

std::string bound_path(const Fd& listener) {
  struct sockaddr_un address = {};
  socklen_t size = sizeof(address);
  if (::getsockname(listener.get(), reinterpret_cast<struct sockaddr*>(&address), &size) != 0)
    return {};
  return address.sun_path;
}

Result<Peer> peer_of(const Fd& socket) {
  struct ucred cred = {};
  socklen_t size = sizeof(cred);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &cred, &size) != 0)
    return sys_error("getsockopt SO_PEERCRED");
  return Peer{cred.pid, cred.uid, cred.gid};
}

bool has_our_groups(const Fd& socket) {
  const auto peer = peer_of(socket);
  if (!peer) return false;
  if (peer->uid == 0) return true;  // root's rights do not depend on groups
  const auto sorted = [](std::vector<gid_t> groups, gid_t main) {
    groups.push_back(main);
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    return groups;
  };
  constexpr std::size_t kGroupsMax = 65536;  // NGROUPS_MAX
  std::vector<gid_t> theirs(64);
  auto size = static_cast<socklen_t>(theirs.size() * sizeof(gid_t));
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERGROUPS, theirs.data(), &size) != 0) {
    if (errno != ERANGE) return false;
    theirs.resize(kGroupsMax);
    size = static_cast<socklen_t>(theirs.size() * sizeof(gid_t));
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERGROUPS, theirs.data(), &size) != 0)
      return false;
  }
  theirs.resize(size / sizeof(gid_t));
  // This process never changes its groups.
  static const std::vector<gid_t> ours = [&] {
    const int count = ::getgroups(0, nullptr);
    std::vector<gid_t> groups(static_cast<std::size_t>(count < 0 ? 0 : count));
    if (count > 0 && ::getgroups(count, groups.data()) != count) groups.clear();
    return sorted(std::move(groups), ::getegid());
  }();
  return sorted(std::move(theirs), peer->gid) == ours;
}

bool is_readable(const Fd& socket) {
  struct pollfd p = {socket.get(), POLLIN | POLLRDHUP, 0};
  return ::poll(&p, 1, 0) != 0;
}

}  // namespace deja::os
