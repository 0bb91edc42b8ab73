// For tests: a directory for each, with a space in its name; removed when the test ends.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <string_view>

#include "base/path.h"
#include "os/file.h"

namespace deja::os {

class DirectoryTest : public ::testing::Test {
 protected:
  DirectoryTest() {
    std::string pattern = ::testing::TempDir() + "deja test.XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = *os::real_path(pattern);
  }
  ~DirectoryTest() override { EXPECT_TRUE(os::remove_tree(dir_)); }

  // Writes a file with its directories.
  void write(const std::string& name, std::string_view text) const {
    const std::string path = join_path(dir_, name);
    EXPECT_TRUE(os::make_directories(std::string(parent_path(path))));
    EXPECT_TRUE(os::write_file_atomic(path, text));
  }

  std::string dir_;
};

}  // namespace deja::os
