// The engine's log: off unless DEJA_LOG names a file (or "stderr"). Troubles that a user should
// see later go to the journal instead; this is for whoever debugs deja itself.
//
// The sink is one of the project's two mutable globals (the other: failpoints).
// Thread-safe: a line is one write(2).
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
