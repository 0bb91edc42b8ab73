// SPDX-License-Identifier: Apache-2.0
// Did each program that was started report to the interposer? A static program may exec one that
// loads the interposer ("wrapper" execs "gcc"), and what it did before that is in no log.
#pragma once

#include <string>

#include "observe/log_reader.h"

namespace deja::evidence {

// The first program that did not report; empty when all did. tool: the program that the client ran.
// It looks at the files: for a script its interpreter reports. A program whose file is gone by now,
// and which so cannot be compared with the one that reported, counts as unseen.
std::string unseen_program(const observe::Log& log, const std::string& tool);

}  // namespace deja::evidence
