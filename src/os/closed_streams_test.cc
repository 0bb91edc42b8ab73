// SPDX-License-Identifier: Apache-2.0
#include "os/closed_streams.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "os/process.h"

namespace deja::os {
namespace {

// Runs in a forked copy of the process, because the streams are closed. The exit code is the number of
// the line that does not hold.
#define HOLDS(condition) \
  if (!(condition)) return __LINE__ & 0xff

TEST(ClosedStreams, TheirNumbersAreNotReused) {
  const auto code = run_in_copy([] {
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
    {
      const ClosedStreams outer;
      const ClosedStreams inner;
      const int fd = ::open("/dev/null", O_RDWR);
      HOLDS(fd > 2);
      HOLDS(::write(2, "x", 1) == -1 && errno == EBADF);
      char c = 0;
      HOLDS(::read(0, &c, 1) == -1 && errno == EBADF);
      HOLDS((::fcntl(1, F_GETFD) & FD_CLOEXEC) != 0);
      HOLDS(::dup2(fd, 1) == 1);  // from here on the program's own stream
    }
    HOLDS(::fcntl(0, F_GETFD) == -1);
    HOLDS(::fcntl(1, F_GETFD) >= 0);
    HOLDS(::fcntl(2, F_GETFD) == -1);
    return 0;
  });
  EXPECT_EQ(code, 0);
}

TEST(ClosedStreams, LeavesOpenOnesAlone) {
  const auto code = run_in_copy([] {
    ::close(0);
    const int null = ::open("/dev/null", O_RDWR);
    HOLDS(null == 0);
    HOLDS(::dup2(0, 1) == 1 && ::dup2(0, 2) == 2);
    {
      const ClosedStreams held;
    }
    HOLDS(::write(2, "x", 1) == 1);
    return 0;
  });
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace deja::os
