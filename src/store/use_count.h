// SPDX-License-Identifier: Apache-2.0
// UseCount: replaces the CrashGuard's signal handlers for an embedded user (LocalStore::Options). The
// number of its threads inside an index is kept in a file in the index directory. The file is mapped,
// so the number survives the end of the process. If an embedded user is dead and its number is not 0,
// it may have crashed in the index.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "os/mapping.h"

namespace deja::store {

class UseCount {
 public:
  // Null: the directory is not writable, so nothing can be recorded.
  static std::unique_ptr<UseCount> begin(const std::string& index_directory);
  ~UseCount();
  UseCount(const UseCount&) = delete;
  UseCount& operator=(const UseCount&) = delete;

 private:
  friend class Use;
  UseCount(std::string path, os::Mapping mapping)
      : path_(std::move(path)), mapping_(std::move(mapping)) {}
  void count(int change);

  const std::string path_;
  const os::Mapping mapping_;
};

// While it exists, one thread is inside the index.
class Use {
 public:
  explicit Use(UseCount* count) : count_(count) {
    if (count_ != nullptr) count_->count(1);
  }
  ~Use() {
    if (count_ != nullptr) count_->count(-1);
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  UseCount* const count_;
};

// True if an embedded user has died inside the index. Removes the files of dead users, so the caller
// must record the result.
Result<bool> has_embedded_user_died_inside(const std::string& index_directory);

}  // namespace deja::store
