// SPDX-License-Identifier: Apache-2.0
// The trace builder turns the log of one observed run into run facts: the claims that a trace
// makes, the outputs that the run left, or the reason why nothing may be concluded.
//
// It works in two passes. collect.h writes the log down as facts: a row for each path, what the run
// did to files (changes.h), which programs it had (processes.h). conclude.h applies the rules to
// them. The table of rules is in conclude.cc; these are the rules in words:
// - A file that was read is an input, unless this run had written it before.
// - A name that was looked for in vain is an input (a claim of absence), unless this run made
//   something of that name.
// - What the run wrote and is still there at its end is an output. What is gone was temporary, and
//   nothing that was seen of it counts.
// - What an output was before the run does not count, unless the adapter says that it does (an
//   archive that is read and then overwritten) or an unknown program looked at it.
// - A program that no adapter knows (a shell, whatever a wrapper script starts) is unknown. What it
//   looks at without opening it counts with size, time and mode; what it asks the machine (the
//   time, the host's name) cannot be asked again. Of an interpreter that runs a script which an
//   adapter trusts (tool::TrustedScript) less may count; which script it is, is known when it opens
//   it.
// - Of a shell whose texts are all known only the variables count that these may read (tool/shell);
//   of a small tool that a script starts, the variables that it asks for.
// - Of any tool (`deja exec`) nothing is known, so all its programs are unknown; but clock, random
//   numbers and load are noise there. Of an input that the user declared only its content counts,
//   of a declared output nothing that was there before.
// - A compiler that writes the date, and cannot write the time of day, is right for that day.
// - What was read of standard input is known only where the adapter had it kept for the key.
// - A file without content that was locked and still has none was there for the lock alone.
// - A directory that was renamed takes along what is in it, and all of that is the run's.
// - A run that changed, in place, something it did not make (appended to, edited, deleted or
//   renamed files of others), or that looked where nothing can be checked again (the clock, the
//   network, a device), proves nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "action/roots.h"
#include "digest/file_digester.h"
#include "evidence/before_run.h"
#include "evidence/run_facts.h"
#include "observe/log_reader.h"
#include "tool/tool.h"

namespace deja::evidence {

class TraceBuilder {
 public:
  TraceBuilder(const tool::Command& command, const tool::Invocation& invocation,
               const tool::Adapter& adapter, const action::Roots& roots,
               digest::FileDigester& digester, const std::vector<Before>& before)
      : command_(command),
        invocation_(invocation),
        adapter_(adapter),
        roots_(roots),
        digester_(digester),
        before_(before) {}

  // The log of a run that ended at ended_ns (wall clock). Looks at the files, so call it right
  // after the run.
  RunFacts build(const observe::Log& log, std::int64_t ended_ns);

 private:
  const tool::Command& command_;
  const tool::Invocation& invocation_;
  const tool::Adapter& adapter_;
  const action::Roots& roots_;
  digest::FileDigester& digester_;
  const std::vector<Before>& before_;
};

}  // namespace deja::evidence
