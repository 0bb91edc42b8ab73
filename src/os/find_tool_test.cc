#include "os/find_tool.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"

namespace deja::os {
namespace {

class FindToolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "deja-find-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    for (const char* d : {"/a", "/b"}) ASSERT_TRUE(make_directory(dir_ + d));
    ASSERT_TRUE(write_file_atomic(dir_ + "/front", "x", 0755));
    struct stat st;
    ASSERT_EQ(::stat((dir_ + "/front").c_str(), &st), 0);
    front_ = {st.st_dev, st.st_ino};
  }
  void TearDown() override { ASSERT_TRUE(remove_tree(dir_)); }
  std::string find(std::string_view name, const std::string& path) {
    char out[4096];
    const long n = find_tool(name, path, dir_, front_, out, sizeof(out));
    return n < 0 ? "" : std::string(out, static_cast<std::size_t>(n));
  }
  std::string dir_;
  FrontFile front_;
};

TEST_F(FindToolTest, SkipsItselfHoweverItIsLinked) {
  ASSERT_EQ(::symlink((dir_ + "/front").c_str(), (dir_ + "/a/gcc").c_str()), 0);
  ASSERT_TRUE(write_file_atomic(dir_ + "/b/gcc", "x", 0755));
  const std::string path = dir_ + "/a:" + dir_ + "/b";
  EXPECT_EQ(find("gcc", path), dir_ + "/b/gcc");
  EXPECT_EQ(find(dir_ + "/a/gcc", path), dir_ + "/b/gcc");
  EXPECT_EQ(find("a/gcc", path), dir_ + "/b/gcc");
  EXPECT_EQ(find("gcc", dir_ + "/a"), "");
}

TEST_F(FindToolTest, WantsAnExecutableFile) {
  ASSERT_TRUE(make_directory(dir_ + "/a/gcc"));
  ASSERT_TRUE(write_file_atomic(dir_ + "/b/gcc", "x", 0755));
  EXPECT_EQ(find("gcc", dir_ + "/a:" + dir_ + "/b"), dir_ + "/b/gcc");
  EXPECT_EQ(find("b/gcc", ""), dir_ + "/b/gcc");
  EXPECT_EQ(find("none", dir_ + "/a:" + dir_ + "/b"), "");
  EXPECT_EQ(find("", dir_), "");
}

TEST_F(FindToolTest, RelativeAndEmptyElementsOfPathMeanTheWorkingDirectory) {
  ASSERT_TRUE(write_file_atomic(dir_ + "/b/gcc", "x", 0755));
  EXPECT_EQ(find("gcc", "b"), dir_ + "/b/gcc");
  ASSERT_TRUE(write_file_atomic(dir_ + "/cc", "x", 0755));
  EXPECT_EQ(find("cc", ":/nonexistent"), dir_ + "/cc");
}

}  // namespace
}  // namespace deja::os
