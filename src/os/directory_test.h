// SPDX-License-Identifier: Apache-2.0
// A directory for a test, removed at its end: ScratchDirectory as an object, DirectoryTest as a fixture.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <string_view>

#include "base/check.h"
#include "base/path.h"
#include "os/file.h"

namespace deja::os {

class ScratchDirectory {
 public:
  // The default name has a space, so that tests find missing quotes.
  explicit ScratchDirectory(std::string prefix = ::testing::TempDir() + "deja test.") {
    prefix += "XXXXXX";
    CHECK(::mkdtemp(prefix.data()) != nullptr);
    path_ = *real_path(prefix);
  }
  ~ScratchDirectory() { EXPECT_TRUE(remove_tree(path_)); }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string at(std::string_view name) const { return join_path(path_, name); }
  // Writes a file, with its directories.
  void write(std::string_view name, std::string_view text, mode_t mode = 0600) const {
    const std::string path = at(name);
    EXPECT_TRUE(make_directories(std::string(parent_path(path))));
    EXPECT_TRUE(write_file_atomic(path, text, mode));
  }

 private:
  std::string path_;
};

class DirectoryTest : public ::testing::Test {
 protected:
  void write(std::string_view name, std::string_view text) const { scratch_.write(name, text); }
  std::string at(std::string_view name) const { return scratch_.at(name); }

 private:
  const ScratchDirectory scratch_;

 protected:
  const std::string& dir_ = scratch_.path();
};

}  // namespace deja::os
