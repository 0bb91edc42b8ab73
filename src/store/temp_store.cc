// SPDX-License-Identifier: Apache-2.0
#include "store/temp_store.h"

#include <sys/wait.h>
#include <unistd.h>

namespace deja::store {

int run_in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  CHECK(child >= 0);
  if (child == 0) ::_exit(body());
  int status = 0;
  CHECK(::waitpid(child, &status, 0) == child);
  return status;
}

}  // namespace deja::store
