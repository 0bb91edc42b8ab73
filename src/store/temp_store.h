// SPDX-License-Identifier: Apache-2.0
// A store in its own temporary directory, and operations on its files for tests.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <functional>
#include <memory>
#include <string>

#include "base/check.h"
#include "os/directory_test.h"
#include "os/file.h"
#include "store/local_store.h"

namespace deja::store {

class TempStore {
 public:
  explicit TempStore(LocalStore::Options options = {}) : options_(std::move(options)) {
    options_.dir = scratch_.at("cache");
    reopen();
  }
  TempStore(const TempStore&) = delete;
  TempStore& operator=(const TempStore&) = delete;

  void close() { store_.reset(); }
  void reopen() {
    store_.reset();
    auto opened = LocalStore::open(options_);
    EXPECT_TRUE(opened) << opened.error().message;
    CHECK(static_cast<bool>(opened));
    store_ = *std::move(opened);
  }
  LocalStore& operator*() { return *store_; }
  LocalStore* operator->() { return store_.get(); }
  const std::string& dir() const { return options_.dir; }
  const std::string& directory() const { return scratch_.path(); }
  Layout layout() const { return Layout(options_.dir); }
  LocalStore::Options& options() { return options_; }

 private:
  // Without a space: reflink_test.cc uses it in shell commands.
  const os::ScratchDirectory scratch_{testing::TempDir() + "deja-store."};
  LocalStore::Options options_;
  std::unique_ptr<LocalStore> store_;
};

// Changes bytes of a file in place, whatever its mode.
inline void overwrite(const std::string& path, long offset, std::string_view bytes) {
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  FILE* const file = ::fopen(path.c_str(), "r+b");
  ASSERT_NE(file, nullptr) << path;
  ASSERT_EQ(::fseek(file, offset, SEEK_SET), 0);
  ASSERT_EQ(::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
  ASSERT_EQ(::fclose(file), 0);
}

// Runs body in a child process. Body returns the exit code; the result is waitpid's status.
int run_in_child(const std::function<int()>& body);

}  // namespace deja::store
