// Makes a new engine process nobody's child: what it has inherited from the client that happened to
// start it (limits, niceness, processors, directory, descriptors, signals) must not matter to others.
#pragma once

namespace deja::daemon {

// Closes every descriptor from first_foreign_fd on. What is not allowed (a hard limit, a lower
// niceness) stays as it is. Ends the process when it cannot leave the client's working directory.
void settle_in(int first_foreign_fd);

}  // namespace deja::daemon
