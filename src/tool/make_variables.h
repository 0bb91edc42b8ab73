// SPDX-License-Identifier: Apache-2.0
// What make and cargo put into variables for the programs that they start (GNU make manual, "POSIX
// Jobserver", "Options/Recursion").
#pragma once

#include <string>
#include <string_view>

#include "tool/tool.h"

namespace deja::tool {

// MAKEFLAGS and the like: they hold make's options, and the descriptors or the pipe through which its
// children share the number of jobs.
bool holds_make_flags(std::string_view variable);

// The flags without the options about jobs. These do not change a result, and the name of a pipe is
// new in every run.
std::string without_jobserver(std::string_view flags);

// Is this open descriptor, a decimal number, one through which the children of make or cargo share
// the jobs ("--jobserver-auth=6,7")? What is read there is not an input.
bool is_jobserver_descriptor(const Command& command, std::string_view number);
// The same for a FIFO ("--jobserver-auth=fifo:/tmp/GMfifo12", since make 4.4).
bool is_jobserver_fifo(const Command& command, std::string_view path);

// May make do more than its makefile says, because of "--eval=…" in a variable? "-E" is the short
// form, and may be among other letters.
bool has_eval_in_make_flags(const Command& command);

}  // namespace deja::tool
