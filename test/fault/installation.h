// SPDX-License-Identifier: Apache-2.0
// A copy of the installation, to break, or for users without access to the build directory.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "support/workspace.h"

namespace deja::test {

class Installation {
 public:
  // LD_PRELOAD has no quoting: an interposer whose path has a space cannot be used.
  Installation() {
    std::string name = "/tmp/deja-install.XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    std::filesystem::permissions(name, static_cast<std::filesystem::perms>(0755));
    copy_to(name);
  }
  ~Installation() { std::filesystem::remove_all(prefix_); }
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;

  void move_to(const std::string& prefix) {
    std::filesystem::remove_all(prefix_);
    copy_to(prefix);
  }
  std::string libexec() const { return prefix_ + "/libexec/deja"; }
  std::string program() const { return prefix_ + "/bin/deja"; }

 private:
  void copy_to(const std::string& prefix) {
    prefix_ = prefix;
    std::filesystem::create_directories(libexec());
    std::filesystem::create_directories(prefix + "/bin");
    std::filesystem::copy_file(Workspace::program(), program());
    for (const char* name : {"dejad", "deja-cli", "libdeja-observe.so"})
      std::filesystem::copy_file(Workspace::companion(name), libexec() + "/" + name);
  }

  std::string prefix_;
};

}  // namespace deja::test
