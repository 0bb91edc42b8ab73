// SPDX-License-Identifier: Apache-2.0
// Jobs that read the clock at every start (tool::Timekeeper). Tested by jobs_test.cc.
#pragma once

#include "tool/tool.h"

namespace deja::tool::job {

// nasm sets its date and time macros before it reads the source.
const Timekeeper* nasm_timekeeper(const Command& command,
                                  const std::vector<std::string>& arguments);
// rcc converts the time of a file to local time; the file's time is an input already.
const Timekeeper* rcc_timekeeper(const Command& command, const std::vector<std::string>& arguments);

// A library that uic loads (glib) reads the clock at its start. Qt 4's uic wrote the time into its
// output.
const Timekeeper* uic_timekeeper(const Command& command, const std::vector<std::string>& arguments);

}  // namespace deja::tool::job
