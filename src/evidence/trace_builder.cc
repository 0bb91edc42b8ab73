// SPDX-License-Identifier: Apache-2.0
#include "evidence/trace_builder.h"

#include "evidence/collect.h"
#include "evidence/conclude.h"

namespace deja::evidence {

RunFacts TraceBuilder::build(const observe::Log& log, std::int64_t ended_ns) {
  const ObservedRun run{command_, invocation_, adapter_, roots_, before_, ended_ns};
  return conclude(run, collect(run, log), digester_);
}

}  // namespace deja::evidence
