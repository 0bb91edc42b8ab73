// SPDX-License-Identifier: Apache-2.0
// All loops have the same shape: make the call, repeat it a bounded number of times on EINTR, and wait with
// poll(2) on EAGAIN, because a user's pipe may be non-blocking.
#include "os/io.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "os/interrupted.h"

namespace deja::os {
namespace {

// Waits until a non-blocking descriptor (the user's pipe may be one) is ready.
int wait_for(int fd, short events, int patience_ms) {
  struct pollfd p = {fd, events, 0};
  for (Interruptions interruptions;;) {
    const int n = ::poll(&p, 1, patience_ms);
    if (n > 0) return 0;
    if (n == 0) return -ETIMEDOUT;
    if (!interruptions.again()) return -errno;
  }
}

template <typename Call>
int all(int fd, const void* data, std::size_t n, int patience_ms, Call call) {
  const char* p = static_cast<const char*>(data);
  Interruptions interruptions;
  while (n > 0) {
    const ssize_t done = call(p, n);
    if (done >= 0) {
      p += done;
      n -= static_cast<std::size_t>(done);
      continue;
    }
    if (interruptions.again()) continue;
    if (errno != EAGAIN) return -errno;
    if (const int failed = wait_for(fd, POLLOUT, patience_ms); failed != 0) return failed;
  }
  return 0;
}

}  // namespace

int write_all(int fd, const void* data, std::size_t n) {
  std::size_t written = 0;
  return write_all(fd, data, n, &written);
}

int write_all(int fd, const void* data, std::size_t n, std::size_t* written) {
  *written = 0;
  return all(fd, data, n, kForever, [fd, written](const char* p, std::size_t m) {
    const ssize_t done = ::write(fd, p, m);
    if (done > 0) *written += static_cast<std::size_t>(done);
    return done;
  });
}

int send_all(int socket, const void* data, std::size_t n, int patience_ms) {
  return all(socket, data, n, patience_ms,
             [socket](const char* p, std::size_t m) { return ::send(socket, p, m, MSG_NOSIGNAL); });
}

void send_if_it_takes(int socket, const void* data, std::size_t n) {
  static_cast<void>(::send(socket, data, n, MSG_DONTWAIT | MSG_NOSIGNAL));
}

ssize_t read_some(int fd, void* data, std::size_t n, int patience_ms) {
  for (Interruptions interruptions;;) {
    const ssize_t got = ::read(fd, data, n);
    if (got >= 0) return got;
    if (errno == EAGAIN) {
      if (const int failed = wait_for(fd, POLLIN, patience_ms); failed != 0) return failed;
    } else if (!interruptions.again()) {
      return -errno;
    }
  }
}

ssize_t read_exactly(int fd, void* data, std::size_t n, int patience_ms) {
  char* p = static_cast<char*>(data);
  std::size_t have = 0;
  while (have < n) {
    const ssize_t got = read_some(fd, p + have, n - have, patience_ms);
    if (got < 0) return got;
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(have);
}

ssize_t read_by(int socket, void* data, std::size_t n, std::int64_t deadline_ns) {
  char* p = static_cast<char*>(data);
  std::size_t have = 0;
  while (have < n) {
    if (const int failed = wait_until_readable(socket, deadline_ns); failed != 0) return failed;
    const ssize_t got = ::recv(socket, p + have, n - have, MSG_DONTWAIT);
    if (got == 0) break;
    if (got > 0) have += static_cast<std::size_t>(got);
    if (got < 0 && errno != EAGAIN && errno != EINTR) return -errno;
  }
  return static_cast<ssize_t>(have);
}

int wait_to_read(int fd, int patience_ms) { return wait_for(fd, POLLIN, patience_ms); }

int wait_until_readable(int socket, std::int64_t deadline_ns) {
  if (deadline_ns == kNoDeadline) return wait_for(socket, POLLIN, kForever);
  struct timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t rest_ns = deadline_ns - (now.tv_sec * 1'000'000'000LL + now.tv_nsec);
  if (rest_ns <= 0) return -ETIMEDOUT;
  constexpr std::int64_t kLongestMs = 1'000'000'000;
  return wait_for(socket, POLLIN, static_cast<int>(std::min(rest_ns / 1'000'000 + 1, kLongestMs)));
}

int send_with_fds(int socket, const void* data, std::size_t n, const int* fds, std::size_t fd_count,
                  int patience_ms) {
  if (fd_count == 0) return send_all(socket, data, n, patience_ms);
  struct iovec iov = {const_cast<void*>(data), n};
  alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxPassedFds)] = {};
  struct msghdr message = {};
  message.msg_iov = &iov;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen =
      static_cast<decltype(message.msg_controllen)>(CMSG_SPACE(sizeof(int) * fd_count));
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = static_cast<decltype(header->cmsg_len)>(CMSG_LEN(sizeof(int) * fd_count));
  std::memcpy(CMSG_DATA(header), fds, sizeof(int) * fd_count);
  for (Interruptions interruptions;;) {
    const ssize_t done = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (done >= 0) {
      const auto sent = static_cast<std::size_t>(done);
      return send_all(socket, static_cast<const char*>(data) + sent, n - sent, patience_ms);
    }
    if (errno == EAGAIN) {
      if (const int failed = wait_for(socket, POLLOUT, patience_ms); failed != 0) return failed;
    } else if (!interruptions.again()) {
      return -errno;
    }
  }
}

ssize_t recv_with_fds(int socket, void* data, std::size_t n, int* fds, std::size_t* fd_count) {
  *fd_count = 0;
  struct iovec iov = {data, n};
  alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxPassedFds)] = {};
  struct msghdr message = {};
  message.msg_iov = &iov;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t got;
  Interruptions interruptions;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && interruptions.again());
  if (got < 0) return -errno;
  for (struct cmsghdr* h = CMSG_FIRSTHDR(&message); h != nullptr; h = CMSG_NXTHDR(&message, h)) {
    if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count && *fd_count < kMaxPassedFds; ++i) {
      std::memcpy(&fds[*fd_count], CMSG_DATA(h) + i * sizeof(int), sizeof(int));
      ++*fd_count;
    }
  }
  return got;
}

}  // namespace deja::os
