// SPDX-License-Identifier: Apache-2.0
#include "os/spare.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "os/directory_test.h"
#include "os/file.h"

namespace deja::os {
namespace {

class SpareTest : public DirectoryTest {
 protected:
  void SetUp() override {
    spare_ = dir_ + "/spare";
    to_ = dir_ + "/out/file";
    ASSERT_TRUE(make_directory(dir_ + "/out"));
    make("content");
  }
  void make(const std::string& text) const {
    ASSERT_TRUE(write_file_atomic(spare_, text));
    ASSERT_TRUE(offer_spare(spare_.c_str()));
  }
  bool take(mode_t mode = 0644) const { return take_spare(spare_.c_str(), to_.c_str(), mode); }
  static bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }
  void sets_times_back(const FileIdentity& before) const {
    struct timespec times[2] = {};
    times[1].tv_sec = before.mtime_ns / 1'000'000'000;
    times[1].tv_nsec = before.mtime_ns % 1'000'000'000;
    ASSERT_EQ(::utimensat(AT_FDCWD, spare_.c_str(), times, 0), 0);
  }

  std::string spare_, to_;
};

TEST_F(SpareTest, IsTakenOnceAsANewFile) {
  const struct timespec old[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, spare_.c_str(), old, 0), 0);
  ASSERT_TRUE(offer_spare(spare_.c_str()));
  ASSERT_TRUE(take(0751));
  const auto taken = *stat_file(to_);
  EXPECT_EQ(*read_file(to_), "content");
  EXPECT_EQ(taken->mode & 07777, 0751u);
  EXPECT_EQ(taken->links, 1u);
  EXPECT_GT(taken->mtime_ns, 1'500'000'000'000'000'000) << "the time of a new file";
  EXPECT_FALSE(exists(spare_));
  EXPECT_FALSE(take());
}

TEST_F(SpareTest, AnIncompleteOneIsNotTaken) {
  ASSERT_TRUE(remove_file(spare_ + ".id"));
  EXPECT_FALSE(take());
  EXPECT_FALSE(exists(to_));
}

TEST_F(SpareTest, AChangedOneIsNotTaken) {
  const FileIdentity before = **stat_file(spare_);
  {
    const Fd fd(::open(spare_.c_str(), O_WRONLY));
    ASSERT_EQ(::pwrite(fd.get(), "C", 1, 0), 1);
  }
  EXPECT_FALSE(take()) << "other times";
  sets_times_back(before);
  EXPECT_FALSE(take()) << "the time of the change of the inode cannot be set back";
  EXPECT_FALSE(exists(to_));
}

TEST_F(SpareTest, AnotherFileOfThatNameIsNotTaken) {
  ASSERT_TRUE(write_file_atomic(spare_, "CONTENT"));
  EXPECT_FALSE(take());
}

TEST_F(SpareTest, ASecondNameIsNotTaken) {
  ASSERT_EQ(::link(spare_.c_str(), (dir_ + "/other").c_str()), 0);
  ASSERT_TRUE(offer_spare(spare_.c_str()));
  EXPECT_FALSE(take());
}

TEST_F(SpareTest, ASymlinkIsNotTaken) {
  ASSERT_EQ(::rename(spare_.c_str(), (dir_ + "/other").c_str()), 0);
  ASSERT_EQ(::symlink("other", spare_.c_str()), 0);
  ASSERT_TRUE(offer_spare(spare_.c_str()));
  EXPECT_FALSE(take());
}

TEST_F(SpareTest, ADirectoryThatGivesAnotherGroupGetsNone) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory to another group";
  ASSERT_EQ(::chown((dir_ + "/out").c_str(), static_cast<uid_t>(-1), 12345), 0);
  EXPECT_FALSE(take());
  EXPECT_TRUE(exists(spare_));
}

TEST_F(SpareTest, ADirectoryWithADefaultAclGetsNone) {
  // Version 2; user::rwx, group::r-x, other::--- (acl(5), linux/posix_acl_xattr.h).
  const unsigned char acl[] = {2, 0, 0,   0,   1,   0,   7,  0, 255, 255, 255, 255, 4,   0,
                               5, 0, 255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255};
  const std::string out = dir_ + "/out";
  if (::setxattr(out.c_str(), "system.posix_acl_default", acl, sizeof(acl), 0) != 0)
    GTEST_SKIP() << "this file system has no ACLs: " << dir_;
  EXPECT_FALSE(take());
  EXPECT_TRUE(exists(spare_));
}

TEST_F(SpareTest, AFileWithALabelIsNotOffered) {
  if (::setxattr(spare_.c_str(), "user.label", "x", 1, 0) != 0)
    GTEST_SKIP() << "this file system has no extended attributes: " << dir_;
  EXPECT_FALSE(offer_spare(spare_.c_str()));
}

TEST_F(SpareTest, AnotherFileSystemGetsNone) {
  if (::access("/dev/shm", W_OK) != 0) GTEST_SKIP() << "/dev/shm is missing";
  const ScratchDirectory other("/dev/shm/deja-spare.");
  if ((*stat_file(other.path()))->device == (*stat_file(dir_))->device)
    GTEST_SKIP() << "/dev/shm is the same file system as " << dir_;
  EXPECT_FALSE(take_spare(spare_.c_str(), other.at("file").c_str(), 0644));
  EXPECT_TRUE(exists(spare_));
  EXPECT_TRUE(take()) << "it is still offered";
}

// Each with a mode of its own: the loser must not change the winner's.
TEST_F(SpareTest, OneOfManyGetsIt) {
  constexpr unsigned kTakers = 8;
  for (int round = 0; round < 50; ++round) {
    make("round");
    std::atomic<int> winners{0};
    std::atomic<bool> is_right{true};
    std::vector<std::thread> takers;
    for (unsigned i = 0; i < kTakers; ++i)
      takers.emplace_back([&, i] {
        const std::string to = to_ + std::to_string(i);
        const mode_t mode = 0600 + i;
        if (!take_spare(spare_.c_str(), to.c_str(), mode)) return;
        ++winners;
        if (((*stat_file(to))->mode & 07777) != mode || *read_file(to) != "round") is_right = false;
        ::unlink(to.c_str());
      });
    for (std::thread& taker : takers) taker.join();
    ASSERT_EQ(winners, 1);
    ASSERT_TRUE(is_right);
  }
}

}  // namespace
}  // namespace deja::os
