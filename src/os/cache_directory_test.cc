// SPDX-License-Identifier: Apache-2.0
#include "os/cache_directory.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "os/directory_test.h"

namespace deja::os {
namespace {

namespace fs = std::filesystem;

class CacheDirectoryTest : public DirectoryTest {
 protected:
  static void write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  static CacheDirectory look(const std::string& dir) {
    return look_at_cache_directory(dir.c_str());
  }
  static CacheDirectory claim(const std::string& dir) { return claim_cache_directory(dir.c_str()); }
};

TEST_F(CacheDirectoryTest, IsMadeAndMarkedWithThoseAboveIt) {
  const std::string dir = at("a/b/c");
  EXPECT_EQ(look(dir), CacheDirectory::absent);
  EXPECT_FALSE(fs::exists(at("a")));
  EXPECT_EQ(claim(dir), CacheDirectory::ours);
  EXPECT_EQ(look(dir), CacheDirectory::ours);
  EXPECT_EQ(claim(dir), CacheDirectory::ours);
  struct stat st = {};
  ASSERT_EQ(::stat(dir.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0700u);
}

TEST_F(CacheDirectoryTest, AnEmptyOneIsTaken) {
  fs::create_directory(at("empty"));
  EXPECT_EQ(look(at("empty")), CacheDirectory::absent);
  EXPECT_EQ(claim(at("empty")), CacheDirectory::ours);
}

TEST_F(CacheDirectoryTest, OneThatHoldsOtherThingsIsLeftAlone) {
  fs::create_directories(at("home/old"));
  write(at("home/index"), "mine");
  EXPECT_EQ(claim(at("home")), CacheDirectory::not_a_cache);
  write(at("home/CACHEDIR.TAG"),
        "Signature: 8a477f597d28d172789f06886806bc55\n# of another tool\n");
  EXPECT_EQ(claim(at("home")), CacheDirectory::not_a_cache);
  EXPECT_TRUE(fs::exists(at("home/old")));
}

TEST_F(CacheDirectoryTest, AStoreFromBeforeThereWasAMarkIsOurs) {
  fs::create_directory(at("store"));
  write(at("store/format"), "deja store 1\n");
  EXPECT_EQ(look(at("store")), CacheDirectory::ours);
}

TEST_F(CacheDirectoryTest, AFileIsNone) {
  write(at("file"), "");
  EXPECT_EQ(claim(at("file")), CacheDirectory::unusable);
  EXPECT_EQ(claim(at("file/below")), CacheDirectory::unusable);
}

TEST_F(CacheDirectoryTest, NothingIsMadeWhereAnotherUserIsAtHome) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give a directory away";
  fs::create_directory(at("home"));
  ASSERT_EQ(::chown(at("home").c_str(), 12345, 12345), 0);
  EXPECT_EQ(claim(at("home")), CacheDirectory::of_others);
  EXPECT_EQ(claim(at("home/.cache/deja")), CacheDirectory::of_others);
  EXPECT_TRUE(fs::is_empty(at("home")));
}

}  // namespace
}  // namespace deja::os
