// SPDX-License-Identifier: Apache-2.0
#include "os/io.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>

#include "os/fd.h"

namespace deja::os {
namespace {

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    from = Fd(ends[0]);
    to = Fd(ends[1]);
  }
  Fd from, to;
};

TEST(Io, WriteAllReportsHowMuchItWrote) {
  Pipe pipe;
  std::size_t written = 99;
  EXPECT_EQ(write_all(pipe.to.get(), "", 0, &written), 0);
  EXPECT_EQ(written, 0U);
  EXPECT_EQ(write_all(pipe.to.get(), "hello", 5, &written), 0);
  EXPECT_EQ(written, 5U);
  EXPECT_EQ(write_all(-1, "hello", 5, &written), -EBADF);
  EXPECT_EQ(written, 0U);
}

// The reader reads a part and closes the pipe while the writer waits.
TEST(Io, WriteAllReportsHowMuchItWroteBeforeItFailed) {
  ::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  const auto room = static_cast<std::size_t>(::fcntl(pipe.to.get(), F_GETPIPE_SZ));
  ASSERT_EQ(::fcntl(pipe.to.get(), F_SETFL, O_NONBLOCK), 0);
  std::thread reader([&] {
    std::string part(room / 2, '\0');
    EXPECT_EQ(read_exactly(pipe.from.get(), part.data(), part.size()),
              static_cast<ssize_t>(part.size()));
    pipe.from.reset();
  });
  const std::string text(4 * room, 'x');
  std::size_t written = 0;
  EXPECT_EQ(write_all(pipe.to.get(), text.data(), text.size(), &written), -EPIPE);
  reader.join();
  EXPECT_GE(written, room / 2);
  EXPECT_LE(written, room + room / 2);
}

}  // namespace
}  // namespace deja::os
