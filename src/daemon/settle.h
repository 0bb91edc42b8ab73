// SPDX-License-Identifier: Apache-2.0
// Removes from a new engine process what it inherited from the client that started it (limits, niceness,
// processors, directory, descriptors, signals), because it serves other clients too.
#pragma once

namespace deja::daemon {

// Closes every descriptor from first_foreign_fd on. Settings that may not be changed (a hard limit, a
// lower niceness) stay. Ends the process if it cannot leave the client's working directory.
void settle_in(int first_foreign_fd);

}  // namespace deja::daemon
