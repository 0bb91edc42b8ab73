// Whole reads and writes on descriptors, and descriptors passed over Unix sockets.
// Freestanding: no allocation, no exceptions; errors are negative errno. Used by the client too.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace deja::os {

// Writes all n bytes; 0, or -errno. EINTR is retried, EAGAIN waited for. SIGPIPE is the caller's.
int write_all(int fd, const void* data, std::size_t n);
// As write_all on a socket, without SIGPIPE.
int send_all(int socket, const void* data, std::size_t n);
// Reads exactly n bytes: n, or fewer at end of file, or -errno.
ssize_t read_exactly(int fd, void* data, std::size_t n);
// One read(2) with EINTR retried.
ssize_t read_some(int fd, void* data, std::size_t n);

inline constexpr std::size_t kMaxPassedFds = 4;
// Sends n bytes (n > 0) with descriptors attached to the first; 0 or -errno.
int send_with_fds(int socket, const void* data, std::size_t n, const int* fds,
                  std::size_t fd_count);
// Receives up to n bytes and up to kMaxPassedFds descriptors (close-on-exec); bytes or -errno.
ssize_t recv_with_fds(int socket, void* data, std::size_t n, int* fds, std::size_t* fd_count);

}  // namespace deja::os
