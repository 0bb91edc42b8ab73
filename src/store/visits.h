// Visits: what a guest (LocalStore::Options) has in the place of the CrashGuard's signal handlers. How
// many of its threads are inside an index stands in a file beside it, which is mapped, so that it
// outlives whatever ends the process. A guest that is gone and has not left may have crashed there.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "os/mapping.h"

namespace deja::store {

class Visits {
 public:
  // Null: the folder may not be written, nothing can be noted.
  static std::unique_ptr<Visits> begin(const std::string& index_folder);
  ~Visits();
  Visits(const Visits&) = delete;
  Visits& operator=(const Visits&) = delete;

 private:
  friend class Visit;
  Visits(std::string path, os::Mapping mapping)
      : path_(std::move(path)), mapping_(std::move(mapping)) {}
  void count(int change);

  const std::string path_;
  const os::Mapping mapping_;
};

// While it lives, a thread is inside.
class Visit {
 public:
  explicit Visit(Visits* visits) : visits_(visits) {
    if (visits_ != nullptr) visits_->count(1);
  }
  ~Visit() {
    if (visits_ != nullptr) visits_->count(-1);
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

 private:
  Visits* const visits_;
};

// Has a guest ended inside? Files of guests that are gone are removed; whoever asks has to leave a
// note of its own.
Result<bool> has_guest_ended_inside(const std::string& index_folder);

}  // namespace deja::store
