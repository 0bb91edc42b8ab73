// SPDX-License-Identifier: Apache-2.0
#include "warm/watch_set.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/directory_test.h"
#include "os/file.h"

namespace deja::warm {
namespace {

class WatchSetTest : public os::DirectoryTest {
 protected:
  void SetUp() override {
    if (!os::is_watchable_filesystem(dir_))
      GTEST_SKIP() << "no notices to be had on the file system of " << dir_;
    ASSERT_TRUE(os::make_directories(at("a/b")));
    ASSERT_TRUE(os::write_file_atomic(at("a/b/x.h"), "one"));
    watch_set_ = WatchSet::open();
    ASSERT_NE(watch_set_, nullptr);
  }

  std::string at(const std::string& path) const { return dir_ + "/" + path; }
  WatchSet::Token watch(const std::vector<std::string>& paths) {
    auto s = watch_set_->watch(paths);
    EXPECT_TRUE(s);
    return s ? *s : WatchSet::Token{};
  }
  bool is_unchanged(const WatchSet::Token& s) { return watch_set_->changed(s).empty(); }
  void overwrite(const std::string& path, std::string_view bytes) {
    const int fd = ::open(path.c_str(), O_WRONLY);
    ASSERT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ::close(fd);
  }

  std::unique_ptr<WatchSet> watch_set_;
};

TEST_F(WatchSetTest, QuietStaysUndisturbed) {
  const auto s = watch({at("a/b/x.h"), at("a/none.h"), at("a/b"), "/usr/bin/env"});
  EXPECT_TRUE(is_unchanged(s));
  ASSERT_TRUE(os::write_file_atomic(at("a/other.h"), "x"));  // a name nobody asked for
  EXPECT_TRUE(is_unchanged(s));
}

TEST_F(WatchSetTest, EditInPlaceIsNoticed) {
  const auto s = watch({at("a/b/x.h")});
  overwrite(at("a/b/x.h"), "two");
  EXPECT_FALSE(is_unchanged(s));
  EXPECT_TRUE(is_unchanged(watch({at("a/b/x.h")})));
}

TEST_F(WatchSetTest, ReplacementIsNoticed) {
  const auto s = watch({at("a/b/x.h")});
  ASSERT_TRUE(os::write_file_atomic(at("a/b/x.h"), "two"));
  EXPECT_FALSE(is_unchanged(s));
}

TEST_F(WatchSetTest, EditThroughAnotherHardLinkIsNoticed) {
  const auto s = watch({at("a/b/x.h")});
  ASSERT_EQ(::link(at("a/b/x.h").c_str(), at("elsewhere").c_str()), 0);
  EXPECT_FALSE(is_unchanged(s));  // a new link is a change of attributes
  const auto t = watch({at("a/b/x.h")});
  overwrite(at("elsewhere"), "two");
  EXPECT_FALSE(is_unchanged(t));
}

TEST_F(WatchSetTest, EditThroughAMappingIsNoticedAtItsEnd) {
  const auto s = watch({at("a/b/x.h")});
  const int fd = ::open(at("a/b/x.h").c_str(), O_RDWR);
  void* p = ::mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ASSERT_NE(p, MAP_FAILED);
  ::close(fd);
  static_cast<char*>(p)[0] = 'O';
  ::munmap(p, 3);
  EXPECT_FALSE(is_unchanged(s));
}

// docs/traps/mapped-writers.md
TEST_F(WatchSetTest, AMappedFileIsNotWatched) {
  const int fd = ::open(at("a/b/x.h").c_str(), O_RDWR);
  void* p = ::mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ASSERT_NE(p, MAP_FAILED);
  ::close(fd);
  EXPECT_FALSE(watch_set_->watch({at("a/b/x.h")}));
  ::munmap(p, 3);
  EXPECT_TRUE(watch_set_->watch({at("a/b/x.h")}));
}

TEST_F(WatchSetTest, AMappingOfLaterChangesTheStamps) {
  const auto s = watch({at("a/b/x.h")});
  const int fd = ::open(at("a/b/x.h").c_str(), O_RDWR);
  void* p = ::mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ASSERT_NE(p, MAP_FAILED);
  ::close(fd);
  EXPECT_TRUE(is_unchanged(s));
  static_cast<volatile char*>(p)[0] = 'O';
  const std::int64_t deadline = os::monotonic_ns() + 50 * WatchSet::kStampsNs;
  while (is_unchanged(s)) ASSERT_LT(os::monotonic_ns(), deadline);
  EXPECT_EQ(watch_set_->changed(s), std::vector<std::uint32_t>{0});
  EXPECT_FALSE(watch_set_->refresh(s, {0}, {at("a/b/x.h")})) << "somebody can still write";
  ::munmap(p, 3);
}

// The file is reached by another name before its stamps are compared for the token.
TEST_F(WatchSetTest, AMappedWriteIsNotForgottenForAnotherName) {
  ASSERT_TRUE(os::make_symlink("b", at("a/link")));
  const auto s = watch({at("a/b/x.h")});
  EXPECT_TRUE(is_unchanged(s));
  const int fd = ::open(at("a/b/x.h").c_str(), O_RDWR);
  void* p = ::mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ASSERT_NE(p, MAP_FAILED);
  ::close(fd);
  static_cast<volatile char*>(p)[0] = 'O';
  EXPECT_FALSE(watch_set_->watch({at("a/link/x.h")})) << "somebody can still write";
  EXPECT_FALSE(is_unchanged(s));
  ::munmap(p, 3);
}

TEST_F(WatchSetTest, AppearanceIsNoticed) {
  const auto s = watch({at("a/none.h"), at("nodir/x.h")});
  EXPECT_TRUE(is_unchanged(s));
  ASSERT_TRUE(os::write_file_atomic(at("a/none.h"), ""));
  EXPECT_FALSE(is_unchanged(s));
  const auto t = watch({at("nodir/x.h")});
  ASSERT_TRUE(os::make_directory(at("nodir")));
  EXPECT_FALSE(is_unchanged(t));
}

TEST_F(WatchSetTest, DirectoriesOnTheWayCount) {
  const auto s = watch({at("a/b/x.h")});
  ASSERT_TRUE(os::rename_file(at("a"), at("moved")));
  EXPECT_FALSE(is_unchanged(s));
}

TEST_F(WatchSetTest, SymlinksOnTheWayCount) {
  ASSERT_TRUE(os::make_directory(at("c")));
  ASSERT_TRUE(os::write_file_atomic(at("c/x.h"), "one"));
  ASSERT_EQ(::symlink("a/b", at("link").c_str()), 0);
  const auto s = watch({at("link/x.h")});
  EXPECT_TRUE(is_unchanged(s));
  ASSERT_EQ(::unlink(at("link").c_str()), 0);
  ASSERT_EQ(::symlink("c", at("link").c_str()), 0);
  EXPECT_FALSE(is_unchanged(s));
  const auto t = watch({at("link/x.h")});
  overwrite(at("c/x.h"), "two");
  EXPECT_FALSE(is_unchanged(t));
}

TEST_F(WatchSetTest, DotDotIsTakenFromTheRealDirectory) {
  ASSERT_EQ(::symlink("a/b", at("link").c_str()), 0);
  ASSERT_TRUE(os::write_file_atomic(at("a/y.h"), "one"));
  const auto s = watch({at("link/../y.h")});  // that is a/y.h, not y.h
  ASSERT_TRUE(os::write_file_atomic(at("y.h"), "other"));
  EXPECT_TRUE(is_unchanged(s));
  overwrite(at("a/y.h"), "two");
  EXPECT_FALSE(is_unchanged(s));
}

TEST_F(WatchSetTest, PermissionsAndTimesCount) {
  const auto s = watch({at("a/b/x.h")});
  ASSERT_EQ(::chmod(at("a/b/x.h").c_str(), 0), 0);
  EXPECT_FALSE(is_unchanged(s));
  const auto t = watch({at("a/b/x.h")});
  ASSERT_EQ(::chmod(at("a").c_str(), 0700), 0);
  EXPECT_FALSE(is_unchanged(t));
}

TEST_F(WatchSetTest, WatchedDirectoriesMayGoAndComeBack) {
  const auto s = watch({at("a/b/x.h")});
  ASSERT_TRUE(os::remove_tree(at("a")));
  EXPECT_FALSE(is_unchanged(s));
  ASSERT_TRUE(os::make_directories(at("a/b")));
  ASSERT_TRUE(os::write_file_atomic(at("a/b/x.h"), "two"));
  const auto t = watch({at("a/b/x.h")});
  EXPECT_TRUE(is_unchanged(t));
  overwrite(at("a/b/x.h"), "six");
  EXPECT_FALSE(is_unchanged(t));
}

TEST_F(WatchSetTest, OnlyTheDisturbedPathsAreNamedAndRenewed) {
  ASSERT_TRUE(os::make_directory(at("build")));
  const std::vector<std::string> paths = {at("a/b/x.h"), at("build/none.gch"), "/usr/bin/env"};
  const auto s = watch(paths);
  ASSERT_TRUE(os::remove_tree(at("build")));
  ASSERT_TRUE(os::make_directory(at("build")));
  const auto which = watch_set_->changed(s);
  ASSERT_EQ(which, std::vector<std::uint32_t>{1});
  const auto t = watch_set_->refresh(s, which, {paths[1]});
  ASSERT_TRUE(t);
  EXPECT_TRUE(is_unchanged(*t));
  ASSERT_TRUE(os::write_file_atomic(at("build/none.gch"), ""));
  EXPECT_EQ(watch_set_->changed(*t), std::vector<std::uint32_t>{1});
  overwrite(at("a/b/x.h"), "two");
  EXPECT_EQ(watch_set_->changed(*t), (std::vector<std::uint32_t>{0, 1}));
}

TEST_F(WatchSetTest, WhatOthersChangeBehindTheKernelIsNotWatched) {
  EXPECT_FALSE(watch_set_->watch({"/proc/self/status"}));
}

}  // namespace
}  // namespace deja::warm
