// Jobs that ask for the time at every start (tool::Timekeeper). Tested by jobs_test.cc.
#pragma once

#include "tool/tool.h"

namespace deja::tool::job {

// Its macros of the time are made before the source is read.
const Timekeeper* nasm_timekeeper(const Command& command,
                                  const std::vector<std::string>& arguments);
// It asks how the time of a file is written down where it is; that time is an input by itself.
const Timekeeper* rcc_timekeeper(const Command& command, const std::vector<std::string>& arguments);

// A library of its (glib) asks at its start. Qt 4's uic told the time.
const Timekeeper* uic_timekeeper(const Command& command, const std::vector<std::string>& arguments);

}  // namespace deja::tool::job
