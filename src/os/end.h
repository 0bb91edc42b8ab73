// Ending as a child has ended, so that whoever waits for us sees the tool's end. Needs libc only: the
// front links it.
#pragma once

namespace deja::os {

// Dies of the signal, without a core of its own. Returns what to exit with when that failed (a
// signal that does not kill).
int end_by_signal(int signal);

}  // namespace deja::os
