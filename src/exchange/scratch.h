// SPDX-License-Identifier: Apache-2.0
// Files without a name, for bytes on their way between the local store and a remote: they vanish with their
// last descriptor, also when the process is killed.
#pragma once

#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace deja::exchange {

class Scratch {
 public:
  // cache_dir: the store's directory. Files are made in its tmp/, whose sweep removes one that a kill has
  // left in the moment in which it had a name.
  explicit Scratch(std::string cache_dir) : cache_dir_(std::move(cache_dir)) {}

  // Empty, open for reading and writing. Thread-safe.
  Result<os::Fd> make() const;

 private:
  std::string cache_dir_;
};

}  // namespace deja::exchange
