// SPDX-License-Identifier: Apache-2.0
/* A process that confines itself (seccomp): from then on it may be killed for a system call that it would
 * not have made without the interposer. (Landlock kills no process: a forbidden call fails.) So this
 * library makes no more calls in it and in the programs it starts, and the log says that something is
 * missing. The supervisor can observe such a process, because it makes no calls in it. */
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "observe.h"

void deja_fall_silent(enum deja_lost why) {
  deja_lose(why);
  __atomic_store_n(&deja_state.silent, 1, __ATOMIC_SEQ_CST);
}

void deja_after_confinement(long number, unsigned long operation, unsigned long flags) {
  if (number != SYS_seccomp) return;
  if (operation != SECCOMP_SET_MODE_STRICT && operation != SECCOMP_SET_MODE_FILTER) return;
  /* The process is itself a supervisor: the kernel allows only one. */
  const unsigned long listens = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  deja_fall_silent(flags & listens ? DEJA_LOST_KERNEL : DEJA_LOST_SANDBOX);
}

int prctl(int option, ...);
EXPORT int prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  const unsigned long a = va_arg(list, unsigned long);
  const unsigned long b = va_arg(list, unsigned long);
  const unsigned long c = va_arg(list, unsigned long);
  const unsigned long d = va_arg(list, unsigned long);
  va_end(list);
  const int result = NEXT(prctl)(option, a, b, c, d);
  if (option == PR_SET_SECCOMP && result == 0) deja_fall_silent(DEJA_LOST_SANDBOX);
  return result;
}
