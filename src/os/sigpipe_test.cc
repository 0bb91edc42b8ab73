// SPDX-License-Identifier: Apache-2.0
#include "os/sigpipe.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "os/fd.h"

namespace deja::os {
namespace {

std::atomic<int> signals = 0;

TEST(SigpipeBlock, KeepsTheSignalFromTheProgram) {
  struct sigaction before{};
  struct sigaction counting{};
  counting.sa_handler = [](int) { ++signals; };
  ASSERT_EQ(::sigaction(SIGPIPE, &counting, &before), 0);
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd writer(ends[1]);
  ::close(ends[0]);
  {
    const SigpipeBlock block;
    EXPECT_EQ(::write(writer.get(), "x", 1), -1);
    EXPECT_EQ(errno, EPIPE);
  }
  EXPECT_EQ(signals, 0);
  EXPECT_EQ(::write(writer.get(), "x", 1), -1);
  EXPECT_EQ(signals, 1);
  EXPECT_EQ(::sigaction(SIGPIPE, &before, nullptr), 0);
}

}  // namespace
}  // namespace deja::os
