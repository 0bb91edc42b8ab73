// SPDX-License-Identifier: Apache-2.0
#include "os/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/directory_test.h"
#include "os/disk.h"
#include "os/lock.h"

namespace deja::os {
namespace {

using FileTest = DirectoryTest;

TEST_F(FileTest, AbsentIsNotAnError) {
  const auto id = stat_file(dir_ + "/no/such");
  ASSERT_TRUE(id);
  EXPECT_FALSE(*id);
  const auto bytes = read_file_if_exists(dir_ + "/no");
  ASSERT_TRUE(bytes);
  EXPECT_FALSE(*bytes);
  EXPECT_FALSE(read_file(dir_ + "/no"));
  const auto long_name = stat_file(dir_ + "/" + std::string(4000, 'x'));
  ASSERT_TRUE(long_name);
  EXPECT_FALSE(*long_name);
}

TEST_F(FileTest, AtomicWriteReplacesAndLeavesNothingBehind) {
  const std::string path = dir_ + "/f";
  ASSERT_TRUE(write_file_atomic(path, "one"));
  ASSERT_TRUE(write_file_atomic(path, "two", 0644));
  EXPECT_EQ(*read_file(path), "two");
  EXPECT_EQ((*stat_file(path))->mode & 07777, 0644u);
  EXPECT_EQ(list_directory(dir_)->size(), 1u);
}

TEST_F(FileTest, CopyKeepsAllBytes) {
  std::string bytes;
  for (int i = 0; i < 300000; ++i) bytes.push_back(static_cast<char>(i * 7));
  ASSERT_TRUE(write_file_atomic(dir_ + "/a", bytes));
  const auto source = open_read(dir_ + "/a");
  const auto target = create_file(dir_ + "/b", 0600);
  ASSERT_TRUE(source && target);
  ASSERT_TRUE(copy_contents(*source, *target));
  EXPECT_EQ(*read_file(dir_ + "/b"), bytes);
}

TEST_F(FileTest, AnEditChangesTheIdentity) {
  ASSERT_TRUE(write_file_atomic(dir_ + "/a", "x"));
  const auto before = *stat_file(dir_ + "/a");
  ASSERT_TRUE(write_file_atomic(dir_ + "/a", "y"));
  EXPECT_FALSE(**stat_file(dir_ + "/a") == *before);
}

TEST_F(FileTest, RemoveTreeDoesNotFollowSymlinks) {
  ASSERT_TRUE(make_directories(dir_ + "/keep/x"));
  ASSERT_TRUE(make_directories(dir_ + "/t/sub"));
  ASSERT_EQ(::symlink((dir_ + "/keep").c_str(), (dir_ + "/t/link").c_str()), 0);
  ASSERT_TRUE(remove_tree(dir_ + "/t"));
  EXPECT_TRUE(*stat_file(dir_ + "/keep/x"));
  EXPECT_FALSE(*stat_file(dir_ + "/t"));
}

TEST_F(FileTest, ADirectoryHasTheModeThatWasAskedFor) {
  const mode_t before = ::umask(077);
  ASSERT_TRUE(make_directory(dir_ + "/d", 0755));
  ::umask(before);
  EXPECT_EQ((*stat_file(dir_ + "/d"))->mode & 07777, 0755U);
  ASSERT_TRUE(make_directory(dir_ + "/d", 0700));  // is there already
  EXPECT_EQ((*stat_file(dir_ + "/d"))->mode & 07777, 0755U);
}

TEST_F(FileTest, ADirectoryInheritsThatItsFilesGetItsGroup) {
  for (const mode_t group : {mode_t{0}, mode_t{S_ISGID}}) {
    const std::string parent = dir_ + "/of-" + std::to_string(group);
    ASSERT_TRUE(make_directory(parent));
    ASSERT_EQ(::chmod(parent.c_str(), 0755 | group), 0);
    for (const mode_t wanted : {mode_t{0750}, mode_t{02750}}) {
      const std::string path = parent + "/" + std::to_string(wanted);
      ASSERT_TRUE(make_directory(path, wanted));
      EXPECT_EQ((*stat_file(path))->mode & 07777, 0750 | group);
    }
  }
}

TEST_F(FileTest, SymlinkTextAnyLength) {
  const std::string text(1000, 'a');
  ASSERT_EQ(::symlink(text.c_str(), (dir_ + "/l").c_str()), 0);
  EXPECT_EQ(**read_symlink(dir_ + "/l"), text);
  ASSERT_TRUE(write_file_atomic(dir_ + "/f", ""));
  EXPECT_FALSE(*read_symlink(dir_ + "/f"));
}

TEST_F(FileTest, ReadsRefuseMoreThanTheLimit) {
  ASSERT_TRUE(write_file_atomic(dir_ + "/f", "12345"));
  EXPECT_TRUE(read_file(dir_ + "/f", 5));
  EXPECT_FALSE(read_file(dir_ + "/f", 4));
}

TEST_F(FileTest, FilesOfTheKernelAreReadWhole) {
  const auto text = read_file("/proc/sys/kernel/ostype");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "Linux\n");
}

TEST_F(FileTest, OnlyOneHolderOfAnExclusiveLock) {
  auto first = try_lock_file(dir_ + "/lock");
  ASSERT_TRUE(first && *first);
  auto second = try_lock_file(dir_ + "/lock");
  ASSERT_TRUE(second);
  EXPECT_FALSE(*second);
  first->reset();
  second = try_lock_file(dir_ + "/lock");
  EXPECT_TRUE(second && *second);
}

// A symlink in a cache directory could lead to any file of the user.
TEST_F(FileTest, NoFileIsMadeThroughASymlink) {
  const std::string link = dir_ + "/link", target = dir_ + "/elsewhere";
  ASSERT_TRUE(make_symlink(target, link));
  EXPECT_FALSE(try_lock_file(link));
  EXPECT_FALSE(open_append(link));
  EXPECT_FALSE(open_read_write(link));
  create_empty_file(link.c_str());
  const auto made = stat_file(target);
  ASSERT_TRUE(made);
  EXPECT_FALSE(*made);
  // A log may be anywhere: the user has named it.
  EXPECT_TRUE(open_append(link, Links::follow));
}

}  // namespace
}  // namespace deja::os
