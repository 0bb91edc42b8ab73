// SPDX-License-Identifier: Apache-2.0
#include "os/output_locks.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "os/directory_test.h"

namespace deja::os {
namespace {

class OutputLocksTest : public os::DirectoryTest {
 protected:
  static bool wait_on() { return true; }
  const std::string& directory = dir_;
};

TEST_F(OutputLocksTest, LeavesNothingBehind) {
  {
    const OutputLocks locks = OutputLocks::take(directory, {"a", "b", "a"}, wait_on);
    EXPECT_TRUE(locks.were_ours());
    EXPECT_FALSE(std::filesystem::is_empty(directory));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory));
}

TEST_F(OutputLocksTest, OneAtATime) {
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        const OutputLocks locks = OutputLocks::take(directory, {"b", "a"}, wait_on);
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
  const OutputLocks one = OutputLocks::take(directory, {"a"}, wait_on);
  const OutputLocks other = OutputLocks::take(directory, {"b"}, [] { return false; });
  EXPECT_TRUE(other.were_ours());
}

// Who gives up tells the one that it did not wait for.
TEST_F(OutputLocksTest, GivingUpSpoilsBoth) {
  {
    const OutputLocks first = OutputLocks::take(directory, {"a"}, wait_on);
    const OutputLocks second = OutputLocks::take(directory, {"a"}, [] { return false; });
    EXPECT_FALSE(second.were_ours());
    EXPECT_FALSE(first.were_ours());
  }
  EXPECT_TRUE(OutputLocks::take(directory, {"a"}, wait_on).were_ours());
}

TEST_F(OutputLocksTest, WithoutAPlaceAllIsAsEver) {
  EXPECT_TRUE(OutputLocks::take("", {"a"}, wait_on).were_ours());
  EXPECT_TRUE(OutputLocks::take(directory + "/missing", {"a"}, wait_on).were_ours());
}

// What a killed services leaves: a file that nobody has locked, and the mark of one that gave up.
TEST_F(OutputLocksTest, SweepTakesOnlyWhatNobodyHolds) {
  write("killed", "");
  write("killed.late", "");
  write("alone.late", "");
  const OutputLocks held = OutputLocks::take(directory, {"a"}, wait_on);
  OutputLocks::sweep(directory);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory), {}), 1);
  EXPECT_FALSE(OutputLocks::take(directory, {"a"}, [] { return false; }).were_ours());
  OutputLocks::sweep(directory);
  EXPECT_FALSE(held.were_ours());
  OutputLocks::sweep(directory + "/missing");
}

}  // namespace
}  // namespace deja::os
