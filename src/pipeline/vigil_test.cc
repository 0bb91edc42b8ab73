#include "pipeline/vigil.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "pipeline/folder_test.h"

namespace deja::pipeline {
namespace {

class VigilTest : public FolderTest {
 protected:
  void SetUp() override {
    if (!os::is_watchable_filesystem(dir_))
      GTEST_SKIP() << "no notices to be had on the file system of " << dir_;
    ASSERT_TRUE(os::make_directories(at("a/b")));
    ASSERT_TRUE(os::write_file_atomic(at("a/b/x.h"), "one"));
    vigil_ = Vigil::open();
    ASSERT_NE(vigil_, nullptr);
  }

  std::string at(const std::string& path) const { return dir_ + "/" + path; }
  Vigil::Stand stand(const std::vector<std::string>& paths) {
    auto s = vigil_->stand(paths);
    EXPECT_TRUE(s);
    return s ? *s : Vigil::Stand{};
  }
  bool is_undisturbed(const Vigil::Stand& s) { return vigil_->disturbed(s).empty(); }
  void overwrite(const std::string& path, std::string_view bytes) {
    const int fd = ::open(path.c_str(), O_WRONLY);
    ASSERT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ::close(fd);
  }

  std::unique_ptr<Vigil> vigil_;
};

TEST_F(VigilTest, QuietStaysUndisturbed) {
  const auto s = stand({at("a/b/x.h"), at("a/none.h"), at("a/b"), "/usr/bin/env"});
  EXPECT_TRUE(is_undisturbed(s));
  ASSERT_TRUE(os::write_file_atomic(at("a/other.h"), "x"));  // a name nobody asked for
  EXPECT_TRUE(is_undisturbed(s));
}

TEST_F(VigilTest, EditInPlaceIsNoticed) {
  const auto s = stand({at("a/b/x.h")});
  overwrite(at("a/b/x.h"), "two");
  EXPECT_FALSE(is_undisturbed(s));
  EXPECT_TRUE(is_undisturbed(stand({at("a/b/x.h")})));
}

TEST_F(VigilTest, ReplacementIsNoticed) {
  const auto s = stand({at("a/b/x.h")});
  ASSERT_TRUE(os::write_file_atomic(at("a/b/x.h"), "two"));
  EXPECT_FALSE(is_undisturbed(s));
}

TEST_F(VigilTest, EditThroughAnotherHardLinkIsNoticed) {
  const auto s = stand({at("a/b/x.h")});
  ASSERT_EQ(::link(at("a/b/x.h").c_str(), at("elsewhere").c_str()), 0);
  EXPECT_FALSE(is_undisturbed(s));  // a new link is a change of attributes
  const auto t = stand({at("a/b/x.h")});
  overwrite(at("elsewhere"), "two");
  EXPECT_FALSE(is_undisturbed(t));
}

TEST_F(VigilTest, EditThroughAMappingIsNoticedAtItsEnd) {
  const auto s = stand({at("a/b/x.h")});
  const int fd = ::open(at("a/b/x.h").c_str(), O_RDWR);
  void* p = ::mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ASSERT_NE(p, MAP_FAILED);
  ::close(fd);
  static_cast<char*>(p)[0] = 'O';
  ::munmap(p, 3);
  EXPECT_FALSE(is_undisturbed(s));
}

TEST_F(VigilTest, AppearanceIsNoticed) {
  const auto s = stand({at("a/none.h"), at("nodir/x.h")});
  EXPECT_TRUE(is_undisturbed(s));
  ASSERT_TRUE(os::write_file_atomic(at("a/none.h"), ""));
  EXPECT_FALSE(is_undisturbed(s));
  const auto t = stand({at("nodir/x.h")});
  ASSERT_TRUE(os::make_directory(at("nodir")));
  EXPECT_FALSE(is_undisturbed(t));
}

TEST_F(VigilTest, FoldersOnTheWayCount) {
  const auto s = stand({at("a/b/x.h")});
  ASSERT_TRUE(os::rename_file(at("a"), at("moved")));
  EXPECT_FALSE(is_undisturbed(s));
}

TEST_F(VigilTest, SymlinksOnTheWayCount) {
  ASSERT_TRUE(os::make_directory(at("c")));
  ASSERT_TRUE(os::write_file_atomic(at("c/x.h"), "one"));
  ASSERT_EQ(::symlink("a/b", at("link").c_str()), 0);
  const auto s = stand({at("link/x.h")});
  EXPECT_TRUE(is_undisturbed(s));
  ASSERT_EQ(::unlink(at("link").c_str()), 0);
  ASSERT_EQ(::symlink("c", at("link").c_str()), 0);
  EXPECT_FALSE(is_undisturbed(s));
  const auto t = stand({at("link/x.h")});
  overwrite(at("c/x.h"), "two");
  EXPECT_FALSE(is_undisturbed(t));
}

TEST_F(VigilTest, DotDotIsTakenFromTheRealFolder) {
  ASSERT_EQ(::symlink("a/b", at("link").c_str()), 0);
  ASSERT_TRUE(os::write_file_atomic(at("a/y.h"), "one"));
  const auto s = stand({at("link/../y.h")});  // that is a/y.h, not y.h
  ASSERT_TRUE(os::write_file_atomic(at("y.h"), "other"));
  EXPECT_TRUE(is_undisturbed(s));
  overwrite(at("a/y.h"), "two");
  EXPECT_FALSE(is_undisturbed(s));
}

TEST_F(VigilTest, PermissionsAndTimesCount) {
  const auto s = stand({at("a/b/x.h")});
  ASSERT_EQ(::chmod(at("a/b/x.h").c_str(), 0), 0);
  EXPECT_FALSE(is_undisturbed(s));
  const auto t = stand({at("a/b/x.h")});
  ASSERT_EQ(::chmod(at("a").c_str(), 0700), 0);
  EXPECT_FALSE(is_undisturbed(t));
}

TEST_F(VigilTest, WatchedFoldersMayGoAndComeBack) {
  const auto s = stand({at("a/b/x.h")});
  ASSERT_TRUE(os::remove_tree(at("a")));
  EXPECT_FALSE(is_undisturbed(s));
  ASSERT_TRUE(os::make_directories(at("a/b")));
  ASSERT_TRUE(os::write_file_atomic(at("a/b/x.h"), "two"));
  const auto t = stand({at("a/b/x.h")});
  EXPECT_TRUE(is_undisturbed(t));
  overwrite(at("a/b/x.h"), "six");
  EXPECT_FALSE(is_undisturbed(t));
}

TEST_F(VigilTest, OnlyTheDisturbedPathsAreNamedAndRenewed) {
  ASSERT_TRUE(os::make_directory(at("build")));
  const std::vector<std::string> paths = {at("a/b/x.h"), at("build/none.gch"), "/usr/bin/env"};
  const auto s = stand(paths);
  ASSERT_TRUE(os::remove_tree(at("build")));
  ASSERT_TRUE(os::make_directory(at("build")));
  const auto which = vigil_->disturbed(s);
  ASSERT_EQ(which, std::vector<std::uint32_t>{1});
  const auto t = vigil_->renew(s, which, {paths[1]});
  ASSERT_TRUE(t);
  EXPECT_TRUE(is_undisturbed(*t));
  ASSERT_TRUE(os::write_file_atomic(at("build/none.gch"), ""));
  EXPECT_EQ(vigil_->disturbed(*t), std::vector<std::uint32_t>{1});
  overwrite(at("a/b/x.h"), "two");
  EXPECT_EQ(vigil_->disturbed(*t), (std::vector<std::uint32_t>{0, 1}));
}

TEST_F(VigilTest, WhatOthersChangeBehindTheKernelIsNotWatched) {
  EXPECT_FALSE(vigil_->stand({"/proc/self/status"}));
}

}  // namespace
}  // namespace deja::pipeline
