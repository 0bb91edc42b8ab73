// A store in a folder of its own, for tests.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <memory>
#include <string>

#include "base/check.h"
#include "os/file.h"
#include "store/local_store.h"

namespace deja::store {

class TempStore {
 public:
  explicit TempStore(LocalStore::Options options = {}) : options_(std::move(options)) {
    std::string name = testing::TempDir() + "deja-store-XXXXXX";
    CHECK(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    options_.dir = folder_ + "/cache";
    reopen();
  }
  ~TempStore() {
    store_.reset();
    EXPECT_TRUE(os::remove_tree(folder_));
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
  LocalStore::Options& options() { return options_; }

 private:
  std::string folder_;
  LocalStore::Options options_;
  std::unique_ptr<LocalStore> store_;
};

}  // namespace deja::store
