// SPDX-License-Identifier: Apache-2.0
// Whole reads and writes on descriptors, and descriptors passed over Unix sockets.
// Freestanding: no allocation, no exceptions; errors are negative errno. Used by the client too.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace deja::os {

// EINTR is retried a bounded number of times. On a non-blocking descriptor these functions wait: without
// limit, or for `patience_ms` without progress (then -ETIMEDOUT).
inline constexpr int kForever = -1;

// Writes all n bytes; 0, or -errno. The caller handles SIGPIPE.
int write_all(int fd, const void* data, std::size_t n);
// The same; *written: the number of bytes written, also after a failure.
int write_all(int fd, const void* data, std::size_t n, std::size_t* written);
// As write_all on a socket, without SIGPIPE.
int send_all(int socket, const void* data, std::size_t n, int patience_ms = kForever);
// As send_all, but never waits: sends nothing if the socket is full. For messages of a few bytes.
void send_if_it_takes(int socket, const void* data, std::size_t n);
// Reads exactly n bytes: n, or fewer at end of file, or -errno.
ssize_t read_exactly(int fd, void* data, std::size_t n, int patience_ms = kForever);
// One read(2).
ssize_t read_some(int fd, void* data, std::size_t n, int patience_ms = kForever);

// Waits until there are bytes or the end to read. 0, or -errno (-ETIMEDOUT).
int wait_to_read(int fd, int patience_ms);

// For whole messages from a peer that may send slowly: deadline_ns is on the monotonic clock.
inline constexpr std::int64_t kNoDeadline = -1;
// 0, or -errno (-ETIMEDOUT: the deadline has passed).
int wait_until_readable(int socket, std::int64_t deadline_ns);
// As read_exactly.
ssize_t read_by(int socket, void* data, std::size_t n, std::int64_t deadline_ns);

inline constexpr std::size_t kMaxPassedFds = 4;
// Sends n bytes (n > 0) with descriptors attached to the first; 0 or -errno.
int send_with_fds(int socket, const void* data, std::size_t n, const int* fds, std::size_t fd_count,
                  int patience_ms = kForever);
// Receives up to n bytes and up to kMaxPassedFds descriptors (close-on-exec); bytes or -errno.
ssize_t recv_with_fds(int socket, void* data, std::size_t n, int* fds, std::size_t* fd_count);

}  // namespace deja::os
