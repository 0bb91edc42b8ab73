#include "os/io.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace deja::os {
namespace {

// Waits until a non-blocking descriptor (a user's pipe may be one) takes or gives bytes again.
int wait_for(int fd, short events, int patience_ms) {
  struct pollfd p = {fd, events, 0};
  for (;;) {
    const int n = ::poll(&p, 1, patience_ms);
    if (n > 0) return 0;
    if (n == 0) return -ETIMEDOUT;
    if (errno != EINTR) return -errno;
  }
}

template <typename Call>
int all(int fd, const void* data, std::size_t n, int patience_ms, Call call) {
  const char* p = static_cast<const char*>(data);
  while (n > 0) {
    const ssize_t done = call(p, n);
    if (done >= 0) {
      p += done;
      n -= static_cast<std::size_t>(done);
      continue;
    }
    if (errno == EINTR) continue;
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

ssize_t read_some(int fd, void* data, std::size_t n, int patience_ms) {
  for (;;) {
    const ssize_t got = ::read(fd, data, n);
    if (got >= 0) return got;
    if (errno == EAGAIN) {
      if (const int failed = wait_for(fd, POLLIN, patience_ms); failed != 0) return failed;
    } else if (errno != EINTR) {
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
  for (;;) {
    const ssize_t done = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (done >= 0) {
      const auto sent = static_cast<std::size_t>(done);
      return send_all(socket, static_cast<const char*>(data) + sent, n - sent, patience_ms);
    }
    if (errno == EAGAIN) {
      if (const int failed = wait_for(socket, POLLOUT, patience_ms); failed != 0) return failed;
    } else if (errno != EINTR) {
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
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
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
