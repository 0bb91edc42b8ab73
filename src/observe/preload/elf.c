// SPDX-License-Identifier: Apache-2.0
/* Whether a program to be started can be given this library. One that cannot runs normally and does not
 * report in, which is a gap. */
#include "loadable.h"
#include "observe.h"

bool deja_observable(int at, const char *path) {
  deja_started();
  if (deja_state.silent || deja_state.log_variable_size == 0 || deja_state.preload_size == 0)
    return false; /* nothing to restore in this process */
  return path == NULL || deja_fit_of(at, path, deja_state.preload) == DEJA_FITS;
}

bool deja_observable_fd(int fd, const char *path) {
  char name[DEJA_FD_NAME_SIZE];
  struct deja_log_identity open, found;
  if (deja_state.silent) return false;
  if (path[0] && deja_identity_fd(fd, &open) && deja_identity_at(AT_FDCWD, path, 0, &found) == 0 &&
      open.inode == found.inode && open.device == found.device)
    return deja_observable(AT_FDCWD, path);
  deja_name_fd(fd, name);
  return deja_observable(AT_FDCWD, name);
}
