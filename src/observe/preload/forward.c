// SPDX-License-Identifier: Apache-2.0
/* The hooks of forward.S: records before vfork, clone and dlopen, and the address to continue at. */
#include <dlfcn.h>

#include "observe.h"

#define HOOK __attribute__((visibility("hidden"), used))
HOOK void *deja_before_vfork(void);
HOOK void *deja_before_clone(void);
HOOK void *deja_before_dlopen(const char *name, int flags);
HOOK void *deja_before_dlmopen(Lmid_t space, const char *name, int flags);

static void *find_next(const char *name) {
  void *slot = NULL;
  const int saved = errno;
  void *const next = deja_resolve(&slot, name);
  errno = saved;
  return next;
}

/* From now on the pid must be read from the kernel each time: a child may share our memory. */
static void *before_sharing(const char *name) {
  deja_started();
  __atomic_store_n(&deja_state.shares_memory, 1, __ATOMIC_RELAXED);
  return find_next(name);
}
void *deja_before_vfork(void) { return before_sharing("vfork"); }
void *deja_before_clone(void) { return before_sharing("clone"); }

/* The result of dlopen is recorded when the link map is read again (dlclose, exec, exit). This records
 * the request, since it may not be found: a path like any other, or a bare name, for which the loader
 * searches. */
static void note_dlopen(const char *name, int flags) {
  if (!deja_recording() || name == NULL || name[0] == '\0') return;
  const int saved = errno;
  deja_library_asks();
  /* A library that prefers its own dependencies calls libc past the interposer. */
  if (flags & RTLD_DEEPBIND) deja_lose(DEJA_LOST_NAMESPACE);
  if (strchr(name, '/')) {
    const long found = raw3(SYS_faccessat, AT_FDCWD, name, 0);
    errno = (int)-found;
    deja_note_stat(AT_FDCWD, name, 0, found ? -1 : 0, NULL, 0);
  } else {
    deja_write(&NOTE(.op = DEJA_OP_LIBRARY, .path = name, .once = true));
    deja_look_for_library(name);
  }
  errno = saved;
}

void *deja_before_dlopen(const char *name, int flags) {
  note_dlopen(name, flags);
  return find_next("dlopen");
}

void *deja_before_dlmopen(Lmid_t space, const char *name, int flags) {
  note_dlopen(name, flags);
  if (space != LM_ID_BASE) deja_lose(DEJA_LOST_NAMESPACE);
  return find_next("dlmopen");
}

EXPORT int dlclose(void *handle) {
  deja_look_at_libraries();
  return NEXT(dlclose)(handle);
}
