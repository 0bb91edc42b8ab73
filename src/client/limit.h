// SPDX-License-Identifier: Apache-2.0
// A time limit for a tool. When it has passed, the tool and everything that it has started get
// SIGTERM, and SIGKILL two seconds later.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace deja::client {

class Limit {
 public:
  // Starts now. 0 milliseconds: no limit. Processes whose parent has ended are found only while a
  // LeftBehind exists (client/children.h).
  explicit Limit(std::uint32_t milliseconds);
  bool is_set() const { return due_ns_ != 0; }
  // To be called repeatedly. Sends signals to our children and theirs when the limit has passed.
  void enforce();
  bool was_passed() const { return stage_ > 0; }

 private:
  std::int64_t due_ns_ = 0;  // 0: no limit
  int stage_ = 0;            // how many signals were sent
};

}  // namespace deja::client
