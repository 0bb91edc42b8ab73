// A limit on how long a tool may take. When it is over, the tool and all that it has started are
// asked to end (SIGTERM), and made to (SIGKILL) when they have not after two seconds.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace deja::client {

class Limit {
 public:
  // Begins now. 0 milliseconds: no limit. Who has lost its parent is found only while a LeftBehind
  // lives (client/children.h).
  explicit Limit(std::uint32_t milliseconds);
  bool is_set() const { return due_ns_ != 0; }
  // To be called now and then. Ends our children and theirs when it is time to.
  void enforce();
  bool was_passed() const { return stage_ > 0; }

 private:
  std::int64_t due_ns_ = 0;  // 0: never
  int stage_ = 0;            // how often the tool was told to end
};

}  // namespace deja::client
