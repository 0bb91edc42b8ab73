// SPDX-License-Identifier: Apache-2.0
// Did each program that was started report to the interposer? A static program may exec one that
// loads the interposer ("wrapper" execs "gcc"), and what it did before that is in no log.
#pragma once

#include <string>

#include "base/result.h"
#include "digest/file_digester.h"
#include "observe/log_reader.h"
#include "os/fd.h"

namespace deja::evidence {

// Reads the log of a run that has ended. A program that did not report is a gap in it. An Error: the
// descriptor holds no log, or the programs of the run could still cut it short and end us.
// tool: the program that the client ran. is_supervised: the supervisor has seen all programs.
//
// It looks at the files of the programs: for a script its interpreter reports. A program whose file is
// gone by now, and which so cannot be compared with the one that reported, counts as unseen.
Result<observe::Log> read_run_log(const os::Fd& fd, const std::string& tool, bool is_supervised);

// What the log says of the programs themselves (blind_spots.h), whether or not the run proves anything.
digest::Traits traits_of_programs(const observe::Log& log);

}  // namespace deja::evidence
