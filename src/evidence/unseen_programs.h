// Did each program that was started report in itself? A static program may turn into one that loads
// the interposer ("wrapper" execs "gcc"), and what it did before is in no log.
#pragma once

#include <string>

#include "observe/log_reader.h"

namespace deja::evidence {

// The first program that did not, empty when all did. tool: what the client has run. Looks at the
// files: a script is represented by its interpreter. A program that is gone by now and cannot be
// told to be the one that reported in counts as not seen.
std::string unseen_program(const observe::Log& log, const std::string& tool);

}  // namespace deja::evidence
