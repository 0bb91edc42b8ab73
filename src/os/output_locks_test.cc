// SPDX-License-Identifier: Apache-2.0
#include "os/output_locks.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>

#include "os/directory_test.h"
#include "os/file.h"

namespace deja::os {
namespace {

constexpr std::uint64_t kA = 0xa000000000000001, kB = 0xb000000000000002;

class OutputLocksTest : public os::DirectoryTest {
 protected:
  static bool wait_on() { return true; }
  static bool do_not_wait() { return false; }
  OutputLocks take(std::vector<std::uint64_t> outputs, bool waits = true) const {
    return OutputLocks::take(file_, std::move(outputs), waits ? wait_on : do_not_wait);
  }
  const std::string file_ = dir_ + "/locks";
};

TEST_F(OutputLocksTest, OneAtATime) {
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        const OutputLocks locks = take({kB, kA, kB});
        most = std::max(most.load(), ++inside);
        EXPECT_TRUE(locks.were_ours());
        std::this_thread::yield();
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
}

TEST_F(OutputLocksTest, OthersAreNotHeldUp) {
  const OutputLocks one = take({kA});
  EXPECT_TRUE(take({kB}, false).were_ours());
  EXPECT_TRUE(take({kA ^ 8}, false).were_ours());
  EXPECT_TRUE(one.were_ours());
}

// Two outputs whose notes are in one slot.
TEST_F(OutputLocksTest, ASharedSlotHoldsNobodyUp) {
  const std::uint64_t other = kA ^ (std::uint64_t{1} << 40);
  const OutputLocks one = take({kA});
  EXPECT_TRUE(take({other}, false).were_ours());
  EXPECT_TRUE(one.were_ours());
}

// Who gives up tells the one that it did not wait for.
TEST_F(OutputLocksTest, GivingUpSpoilsBoth) {
  {
    const OutputLocks first = take({kA});
    const OutputLocks second = take({kA}, false);
    EXPECT_FALSE(second.were_ours());
    EXPECT_FALSE(first.were_ours());
  }
  EXPECT_TRUE(take({kA}).were_ours());
}

// The run that was not waited for has ended; the one that did not wait still writes.
TEST_F(OutputLocksTest, WhoDidNotWaitSpoilsTheNext) {
  auto first = std::make_unique<OutputLocks>(take({kA}));
  auto late = std::make_unique<OutputLocks>(take({kA}, false));
  first.reset();
  const OutputLocks next = take({kA});
  EXPECT_FALSE(next.were_ours());
  late.reset();
  EXPECT_FALSE(next.were_ours());
}

TEST_F(OutputLocksTest, AKilledHolderHoldsNobodyUp) {
  const pid_t child = ::fork();
  if (child == 0) {
    const OutputLocks held = take({kA});
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(take({kA}, false).were_ours());
}

TEST_F(OutputLocksTest, WithoutAPlaceAllIsAsEver) {
  EXPECT_TRUE(OutputLocks::take("", {kA}, wait_on).were_ours());
  EXPECT_TRUE(OutputLocks::take(dir_ + "/missing/locks", {kA}, wait_on).were_ours());
  ASSERT_TRUE(os::make_symlink(dir_ + "/elsewhere", file_));
  EXPECT_TRUE(take({kA}).were_ours());
  EXPECT_NE(::access((dir_ + "/elsewhere").c_str(), F_OK), 0);
}

// Nobody knows when such a lock ends, so nobody waits for it; and nobody can be sure of an output.
TEST_F(OutputLocksTest, AForeignLockIsNotWaitedFor) {
  for (const int command : {F_SETLK, F_OFD_SETLK}) {
    int ready[2];
    ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      struct flock whole = {};
      whole.l_type = F_WRLCK;
      const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
      if (::fcntl(fd, command, &whole) == 0) ::write(ready[1], "x", 1);
      ::pause();
    }
    char byte;
    ::close(ready[1]);
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    EXPECT_FALSE(take({kA}).were_ours());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(take({kA}).were_ours());
  }
}

}  // namespace
}  // namespace deja::os
