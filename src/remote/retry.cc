// SPDX-License-Identifier: Apache-2.0
#include "remote/retry.h"

#include <algorithm>

namespace deja::remote {

Status RetryTransport::around(const Attempt& attempt, Deadline deadline) {
  std::int64_t most_ns = options_.first_wait_ns;
  for (int i = 1;; ++i) {
    Status done = attempt.run(deadline);
    if (done || done.error().code != Code::unavailable || attempt.delivered || attempt.refused ||
        i >= options_.attempts || stop_.is_set())
      return done;
    const auto wait_ns =
        static_cast<std::int64_t>(options_.random() * static_cast<double>(most_ns));
    const std::int64_t at_ns = options_.clock.now_ns() + wait_ns;
    if (deadline.is_past(at_ns)) return done;
    if (!options_.clock.wait_until(at_ns, stop_)) return done;
    most_ns = std::min(most_ns * 2, options_.longest_wait_ns);
  }
}

void RetryTransport::stop() {
  stop_.set();
  Policy::stop();
}

}  // namespace deja::remote
