// SPDX-License-Identifier: Apache-2.0
/* A process that locks all of its memory: the log's mapping would count, and a limit on locked memory is
 * soon reached. So the log is given back first but for its header, and this library falls silent. The
 * supervisor has nothing mapped in such a process. */
#include <sys/mman.h>

#include "observe.h"

/* Nobody begins a record any more. Whoever is at one ends it soon, but for a thread that was left by a
 * long jump or was killed: then the log stays. */
static bool is_let_go(void) {
  for (int i = 0; i < 10000; ++i) {
    if (__atomic_load_n(&deja_state.writers, __ATOMIC_SEQ_CST) == 0) return true;
    raw0(SYS_sched_yield);
  }
  return false;
}

static void give_log_back(void) {
  if (!deja_recording()) return;
  deja_fall_silent(DEJA_LOST_MEMORY);
  if (!is_let_go()) return;
  raw2(SYS_munmap, deja_state.log + DEJA_LOG_HEADER_BYTES,
       deja_state.capacity - DEJA_LOG_HEADER_BYTES);
}

EXPORT int mlockall(int flags) {
  /* What is mapped later is counted when it is mapped. */
  if (flags & MCL_CURRENT) give_log_back();
  return NEXT(mlockall)(flags);
}
