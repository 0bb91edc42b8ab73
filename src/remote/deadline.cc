// SPDX-License-Identifier: Apache-2.0
#include "remote/deadline.h"

#include <algorithm>

namespace deja::remote {

Status DeadlineTransport::around(const Attempt& attempt, Deadline deadline) {
  const bool answers = attempt.kind == CallKind::read || attempt.kind == CallKind::write;
  const std::int64_t most_ns =
      options_.clock.now_ns() + (answers ? options_.answer_ns : options_.transfer_ns);
  return attempt.run({deadline.at_ns == 0 ? most_ns : std::min(deadline.at_ns, most_ns)});
}

}  // namespace deja::remote
