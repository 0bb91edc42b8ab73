// SPDX-License-Identifier: Apache-2.0
// Tested by pipeline/request_path_test.cc.
#include "evidence/printed.h"

namespace deja::evidence {

std::optional<Problem> problem_of_texts(const RunFacts& run_facts,
                                        const tool::Invocation& invocation, const std::string& out,
                                        const std::string& err) {
  if (invocation.policy.prints_commands) {
    for (const std::string& name : run_facts.temporaries) {  // such a name is another one each time
      if (out.find(name) != std::string::npos || err.find(name) != std::string::npos)
        return Problem{NotStored::temporary_name_printed, name};
    }
  }
  const tool::Timekeeper* const keeper = invocation.policy.timekeeper;
  if (run_facts.asked_time && (keeper->may_tell(out) || keeper->may_tell(err)))
    return Problem{NotStored::time_written, "in what it printed"};
  const bool is_silent = out.empty() && err.empty();
  if (invocation.run.colours_forced && !is_silent && (run_facts.facts & tool::kHoldsEscape) != 0)
    return Problem{NotStored::escapes_in_input};
  return {};
}

}  // namespace deja::evidence
