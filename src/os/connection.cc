// SPDX-License-Identifier: Apache-2.0
// All sockets here are non-blocking, and there is one place to wait: wait_for(), a poll(2) on the socket and on the
// WakeUp. Names are resolved by getaddrinfo_a(3), because getaddrinfo(3) waits for a dead name server as long as
// resolv.conf says, which no deadline of ours could end.
#include "os/connection.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <list>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "os/clock.h"
#include "os/failpoint.h"
#include "os/interrupted.h"
#include "os/socket.h"

namespace deja::os {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

Error net_error(int sys_errno, std::string_view call, std::string_view subject = {}) {
  Error error = sys_error_code(sys_errno, call, subject);
  if (error.code != Code::denied) error.code = Code::unavailable;
  return error;
}

Error timed_out(std::string_view what) {
  return {Code::timeout, ETIMEDOUT, std::string(what) + ": the deadline has passed"};
}

Error woken() { return {Code::unavailable, ECANCELED, "stopped"}; }

Status wait_for(int fd, short events, std::string_view what, const Limit& limit) {
  struct pollfd fds[2] = {{fd, events, 0},
                          {limit.wake == nullptr ? -1 : limit.wake->fd(), POLLIN, 0}};
  for (Interruptions interruptions;;) {
    int rest_ms = -1;
    if (limit.deadline_ns != kNoDeadline) {
      const std::int64_t rest_ns = limit.deadline_ns - monotonic_ns();
      if (rest_ns <= 0) return timed_out(what);
      rest_ms = static_cast<int>(std::min<std::int64_t>(rest_ns / kNsPerMs + 1, 1'000'000));
    }
    const int n = ::poll(fds, 2, rest_ms);
    if (n > 0) {
      if (fds[1].revents != 0) return woken();
      return {};
    }
    if (n < 0 && !interruptions.again()) return net_error(errno, what);
  }
}

// What getaddrinfo_a(3) works on; it must live until the request has ended.
struct Request {
  std::string host, port;
  struct addrinfo hints = {};
  struct gaicb call = {};
  ~Request() {
    if (call.ar_result != nullptr) ::freeaddrinfo(call.ar_result);
  }
};

// Requests that could not be cancelled; they are dropped when they have ended. One of the project's few mutable globals.
struct Abandoned {
  Mutex mutex;
  std::list<std::unique_ptr<Request>> requests GUARDED_BY(mutex);
};
Abandoned& abandoned() {
  static auto& all = *new Abandoned();  // never destroyed: a resolver's thread may outlive main()
  return all;
}

void abandon(std::unique_ptr<Request> request) {
  Abandoned& all = abandoned();
  const MutexLock lock(all.mutex);
  all.requests.remove_if([](const auto& old) { return ::gai_error(&old->call) != EAI_INPROGRESS; });
  if (::gai_cancel(&request->call) == EAI_NOTCANCELED) all.requests.push_back(std::move(request));
}

Error not_found(const std::string& host, int code) {
  return {Code::unavailable, 0, "cannot find the address of " + host + ": " + ::gai_strerror(code)};
}

Result<std::unique_ptr<Request>> resolve(const std::string& host, std::uint16_t port,
                                         const Limit& limit) {
  auto request = std::make_unique<Request>();
  request->host = host;
  request->port = std::to_string(port);
  request->hints.ai_socktype = SOCK_STREAM;
  request->hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  // An address in digits needs no thread.
  if (::getaddrinfo(host.c_str(), request->port.c_str(), &request->hints,
                    &request->call.ar_result) == 0)
    return request;
  request->hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  request->call.ar_result = nullptr;
  request->call.ar_name = request->host.c_str();
  request->call.ar_service = request->port.c_str();
  request->call.ar_request = &request->hints;
  struct gaicb* calls[] = {&request->call};
  if (const int failed = ::getaddrinfo_a(GAI_NOWAIT, calls, 1, nullptr); failed != 0)
    return not_found(host, failed);
  // In slices, because gai_suspend() does not know the WakeUp.
  constexpr std::int64_t kSliceNs = 20 * kNsPerMs;
  while (::gai_error(&request->call) == EAI_INPROGRESS) {
    const std::int64_t rest_ns =
        limit.deadline_ns == kNoDeadline ? kSliceNs : limit.deadline_ns - monotonic_ns();
    const bool is_woken = limit.wake != nullptr && limit.wake->is_set();
    if (is_woken || rest_ns <= 0) {
      abandon(std::move(request));
      if (is_woken) return woken();
      return timed_out("looking up the address of " + host);
    }
    const struct timespec slice = {0, static_cast<long>(std::min(rest_ns, kSliceNs))};
    const struct gaicb* waited[] = {&request->call};
    ::gai_suspend(waited, 1, &slice);
  }
  if (const int failed = ::gai_error(&request->call); failed != 0) return not_found(host, failed);
  return request;
}

Result<Fd> connect_to(const struct sockaddr* address, socklen_t size, const std::string& what,
                      const Limit& limit) {
  if (const int injected = failpoint(); injected != 0) return net_error(injected, "connect", what);
  if (limit.wake != nullptr && limit.wake->is_set()) return woken();
  Fd fd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return net_error(errno, "socket");
  if (::connect(fd.get(), address, size) == 0) return fd;
  if (errno != EINPROGRESS && errno != EINTR) return net_error(errno, "connect", what);
  TRY(wait_for(fd.get(), POLLOUT, "connect " + what, limit));
  int failed = 0;
  socklen_t failed_size = sizeof(failed);
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failed, &failed_size) != 0) failed = errno;
  if (failed != 0) return net_error(failed, "connect", what);
  return fd;
}

}  // namespace

Result<Fd> connect_tcp(const std::string& host, std::uint16_t port, const Limit& limit) {
  const auto found = TRY(resolve(host, port, limit));
  const std::string what = host + ":" + std::to_string(port);
  std::vector<const struct addrinfo*> addresses;
  for (const struct addrinfo* at = found->call.ar_result; at != nullptr; at = at->ai_next)
    addresses.push_back(at);
  Error last{Code::unavailable, 0, what + " has no address"};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    Limit part = limit;
    if (limit.deadline_ns != kNoDeadline) {
      const std::int64_t now_ns = monotonic_ns();
      part.deadline_ns =
          now_ns + (limit.deadline_ns - now_ns) / static_cast<std::int64_t>(addresses.size() - i);
    }
    auto fd = connect_to(addresses[i]->ai_addr, addresses[i]->ai_addrlen, what, part);
    if (!fd) {
      last = std::move(fd).error();
      continue;
    }
    const int on = 1;
    // Without them the connection works, too, only worse.
    static_cast<void>(::setsockopt(fd->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
    static_cast<void>(::setsockopt(fd->get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)));
    return fd;
  }
  return last;
}

Result<Fd> connect_unix(const std::string& path, const Limit& limit) {
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() > kSocketPathMax)
    return Error{Code::invalid, ENAMETOOLONG, "socket path too long: " + path};
  std::memcpy(address.sun_path, path.data(), path.size());
  return connect_to(reinterpret_cast<const struct sockaddr*>(&address), sizeof(address), path,
                    limit);
}

Status send_all(const Fd& socket, std::string_view bytes, const Limit& limit) {
  if (const int injected = failpoint(); injected != 0) return net_error(injected, "send");
  Interruptions interruptions;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      TRY(wait_for(socket.get(), POLLOUT, "send", limit));
    } else if (!interruptions.again()) {
      return net_error(errno, "send");
    }
  }
  return {};
}

Result<std::size_t> receive(const Fd& socket, char* to, std::size_t size, const Limit& limit) {
  for (Interruptions interruptions;;) {
    // First look at the deadline: a peer that sends a byte now and then must not hold us longer.
    TRY(wait_for(socket.get(), POLLIN, "receive", limit));
    const ssize_t got = ::recv(socket.get(), to, size, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EAGAIN && !interruptions.again()) return net_error(errno, "receive");
  }
}

}  // namespace deja::os
