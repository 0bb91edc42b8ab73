// SPDX-License-Identifier: Apache-2.0
// The engine's log: off unless DEJA_LOG names a file (or "stderr"). It is for debugging deja itself;
// troubles that a user should see go to the journal.
//
// The sink is one of the project's few mutable globals. Thread-safe: a line is one write(2).
#pragma once

#include <string_view>

namespace deja {

using LogSink = void (*)(std::string_view line);
void set_log_sink(LogSink sink);  // nullptr: off (the default)
bool log_enabled();
void log_line(std::string_view line);

// Evaluates its argument only when the log is on.
#define DEJA_LOG_LINE(text)                            \
  do {                                                 \
    if (::deja::log_enabled()) ::deja::log_line(text); \
  } while (false)

}  // namespace deja
