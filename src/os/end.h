// SPDX-License-Identifier: Apache-2.0
// Ending as a child has ended, so that the caller sees the tool's exit status. Needs libc only: the
// client links it.
#pragma once

namespace deja::os {

// Dies of the signal, without a core file of its own. Returns the exit code to use if the signal does
// not kill.
int end_by_signal(int signal);

}  // namespace deja::os
