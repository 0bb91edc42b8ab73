// UseCount: what an embedded user (LocalStore::Options) has in the place of the CrashGuard's signal handlers. How
// many of its threads are inside an index stands in a file beside it, which is mapped, so that it
// outlives whatever ends the process. An embedded user that is gone and has not left may have crashed there.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "os/mapping.h"

namespace deja::store {

class UseCount {
 public:
  // Null: the directory may not be written, nothing can be noted.
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

// While it lives, a thread is inside.
class Use {
 public:
  explicit Use(UseCount* visits) : visits_(visits) {
    if (visits_ != nullptr) visits_->count(1);
  }
  ~Use() {
    if (visits_ != nullptr) visits_->count(-1);
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  UseCount* const visits_;
};

// Has an embedded user ended inside? Files of guests that are gone are removed; whoever asks has to leave a
// note of its own.
Result<bool> has_embedded_user_died_inside(const std::string& index_directory);

}  // namespace deja::store
