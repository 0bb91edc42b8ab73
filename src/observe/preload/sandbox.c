/* A process that locks itself in (seccomp): from then on it may be killed for a system call that it would
 * not have made without us. (Landlock kills nobody: what it forbids fails.) So this library falls silent in it and in what it starts, and the log says
 * that something is missing. The supervisor hears such a process: it makes no calls of its own in it. */
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
  /* It is a supervisor itself: there can be one only. */
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
