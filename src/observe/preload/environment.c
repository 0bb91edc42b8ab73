// SPDX-License-Identifier: Apache-2.0
/* The environment: removes our entries at start, so that the tool sees the same variables as without
 * deja, and restores them at every exec and spawn, so that its children are observed too.
 *
 * LD_PRELOAD: this library is the last of the list. "user.so:ours" is cut in place to "user.so";
 * ":ours" to "" (the user's was set but empty); "ours" alone is removed. */
#include "observe.h"

#include <unistd.h>

static const char kPreload[] = "LD_PRELOAD=";
#define PRELOAD_SIZE (sizeof kPreload - 1)
#define VARIABLE_SIZE (sizeof DEJA_LOG_VARIABLE) /* with '=' for the terminator */

/* Most entries differ in their first letters, which needs no call. */
static inline bool starts(const char *entry, const char *name, size_t size) {
  return entry[0] == name[0] && entry[1] == name[1] && strncmp(entry, name, size) == 0;
}
static bool is_preload(const char *entry) { return starts(entry, kPreload, PRELOAD_SIZE); }
static bool is_route(const char *entry) {
  return starts(entry, DEJA_ROUTE_VARIABLE "=", sizeof DEJA_ROUTE_VARIABLE);
}
/* The variable that says what this library is for. */
static bool is_log(const char *entry) {
  return starts(entry, DEJA_LOG_VARIABLE "=", VARIABLE_SIZE) || is_route(entry);
}

/* A variable of the loader: where the kernel put argc, the arguments and the environment. */
extern void *__libc_stack_end __attribute__((weak));

/* The loader calls a sanitizer's or an allocator's library before libc has set `environ`, and that library
 * may call us. The later value of `environ` is then found on the stack. */
static char **variables(void) {
  if (environ != NULL || &__libc_stack_end == NULL || __libc_stack_end == NULL) return environ;
  const long *argc = __libc_stack_end;
  return (char **)(argc + 1 + *argc + 1);
}

size_t deja_arguments(const char **first) {
  if (&__libc_stack_end == NULL || __libc_stack_end == NULL) return 0;
  const long count = *(const long *)__libc_stack_end;
  char *const *const arguments = (char *const *)__libc_stack_end + 1;
  size_t size = 0;
  for (long i = 0; i < count; ++i) { /* the kernel stores them one after the other */
    if (arguments[i] != arguments[0] + size) return 0;
    size += strlen(arguments[i]) + 1;
    if (size > DEJA_ARGUMENTS_MAX) return 0;
  }
  *first = arguments[0];
  return size;
}

const char *deja_variable(const char *name) {
  const size_t size = strlen(name);
  char **const entries = variables();
  if (entries == NULL) return NULL;
  if (size == 0) return NULL;
  char second = '=';
  if (size > 1) second = name[1];
  for (char **e = entries; *e; ++e)
    if ((*e)[0] == name[0] && (*e)[1] == second && strncmp(*e, name, size) == 0 &&
        (*e)[size] == '=')
      return *e + size + 1;
  return NULL;
}

/* Cuts this library off the end of the entry. False: nothing is left, so the entry is removed. */
static bool cut_preload(char *entry) {
  char *value = entry + PRELOAD_SIZE;
  const size_t size = strlen(value);
  const size_t own = deja_state.preload_size;
  if (own == 0 || size < own || memcmp(value + size - own, deja_state.preload, own) != 0)
    return true;
  if (size == own) return false;
  char *separator = value + size - own - 1;
  if (*separator == ':' || *separator == ' ') *separator = '\0';
  return true;
}

void deja_strip_environment(void) {
  char **const entries = variables();
  if (entries == NULL) return;
  char **to = entries;
  for (char **from = entries; *from; ++from) {
    if (is_log(*from)) {
      const size_t size = strlen(*from);
      const bool routing = is_route(*from);
      /* An observed run is one action: what it starts is part of it. */
      const bool counts = !routing || deja_state.log_variable_size == 0;
      if (counts && size < sizeof deja_state.log_variable) {
        deja_state.routing = routing;
        memcpy(deja_state.log_variable, *from, size + 1);
        deja_state.log_variable_size = size;
      }
      continue;
    }
    if (is_preload(*from) && !cut_preload(*from)) continue;
    if (to != from) *to = *from;
    ++to;
  }
  if (*to != NULL) *to = NULL;
}

static bool puts_back(void) {
  deja_started();
  return !deja_state.silent && deja_state.log_variable_size != 0 && deja_state.preload_size != 0;
}

struct deja_environment_size deja_environment_size(char *const envp[], bool observable) {
  struct deja_environment_size size = {0};
  if (!observable || !puts_back()) return size;
  size.pointers = 3;
  size.bytes = PRELOAD_SIZE + deja_state.preload_size + 1;
  for (char *const *e = envp; e && *e; ++e) {
    const char *const entry = *e;
    ++size.pointers;
    if (is_preload(entry)) size.bytes += strlen(entry) + 1 + deja_state.preload_size + 1;
  }
  return size;
}

/* Other threads may change the environment meanwhile: writes at most the computed size. */
char **deja_put_back(char *const envp[], void *memory, struct deja_environment_size size) {
  if (size.pointers == 0) return (char **)envp;
  char **out = memory;
  char **const first = out;
  char **const last = first + size.pointers - 3; /* keeps room for our two entries and the NULL */
  char *bytes = (char *)(first + size.pointers);
  const char *const end = bytes + size.bytes - (PRELOAD_SIZE + deja_state.preload_size + 1);
  bool has_preload = false;
  for (char *const *e = envp; e && *e && out < last; ++e) {
    char *const entry = *e;
    if (is_log(entry)) continue;
    if (!is_preload(entry)) {
      *out++ = entry;
      continue;
    }
    const size_t kept = strlen(entry);
    const size_t whole = kept + 1 + deja_state.preload_size + 1;
    if (whole > (size_t)(end - bytes)) continue;
    *out++ = bytes;
    memcpy(bytes, entry, kept + 1);
    bytes[kept] = ':';
    memcpy(bytes + kept + 1, deja_state.preload, deja_state.preload_size + 1);
    bytes += whole;
    has_preload = true;
  }
  if (!has_preload) {
    *out++ = bytes;
    memcpy(bytes, kPreload, PRELOAD_SIZE);
    memcpy(bytes + PRELOAD_SIZE, deja_state.preload, deja_state.preload_size + 1);
  }
  *out++ = deja_state.log_variable;
  *out = NULL;
  return first;
}
