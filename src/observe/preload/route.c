// SPDX-License-Identifier: Apache-2.0
/* Routing, the second use of this library (`deja run`): nothing is recorded, but where this process starts
 * a program, route.h decides whether deja's client is started in its place. Whatever is not as it should be
 * (no table, no client, a call that fails) means that the program runs as it is.
 *
 * May run between vfork and exec, so all that is mapped is unmapped before the program starts. */
#include "route.h"

#include <unistd.h>

#include "loadable.h"
#include "observe.h"

/* Small: a thread may have little stack. A longer path means that nothing is routed. */
#define PATH_ROOM 1024

/* What was decided, without a pointer into the table. */
struct routing {
  enum deja_route route;
  bool is_command;
  bool is_observable; /* the program can be given this library */
  char client[PATH_ROOM];
};

static size_t read_text(const char *path, char *out, size_t room) {
  const long fd = raw4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
  if (fd < 0) return 0;
  const long got = raw4(SYS_pread64, fd, out, room, 0);
  raw1(SYS_close, fd);
  return got < 0 ? 0 : (size_t)got;
}

static const struct deja_route_table *map_table(const char *path, size_t *size) {
  struct deja_route_table head;
  const long fd = raw4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
  if (fd < 0) return NULL;
  const struct deja_route_table *table = NULL;
  if (raw4(SYS_pread64, fd, &head, sizeof head, 0) == (long)sizeof head &&
      head.magic == DEJA_ROUTE_MAGIC && head.size <= DEJA_ROUTE_SIZE_MAX) {
    *size = head.size;
    const long at = raw6(SYS_mmap, 0, (long)*size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at > 0 || at < -4095) table = (const struct deja_route_table *)at;
  }
  raw1(SYS_close, fd);
  if (table && !deja_is_route_table(table, *size)) {
    raw2(SYS_munmap, table, *size);
    table = NULL;
  }
  return table;
}

static const struct deja_route_table *open_table(size_t *size) {
  char path[PATH_ROOM];
  const char *const value = deja_state.log_variable + sizeof DEJA_ROUTE_VARIABLE;
  const char *const name = deja_base_of(value);
  const char *const end = name + strcspn(name, ",");
  if ((size_t)(end - value) >= sizeof path) return NULL;
  memcpy(path, value, (size_t)(end - value));
  path[end - value] = '\0';
  return map_table(path, size);
}

static bool has_text(const char *text, const char *part) { return strstr(text, part) != NULL; }

/* The user has switched deja off for this program, or it sees other files than there are. */
static const char *reason_in(char *const envp[]) {
  for (char *const *e = envp; e && *e; ++e) {
    const char *const entry = *e;
    if (entry[0] != 'D' && entry[0] != 'L') continue;
    if (strncmp(entry, "DEJA_DISABLE=", 13) == 0 && entry[13] != '\0' && entry[13] != '0')
      return "DEJA_DISABLE is set";
    if (strncmp(entry, "LD_PRELOAD=", 11) == 0 &&
        (has_text(entry, "fake") || has_text(entry, "sandbox")))
      return "its LD_PRELOAD changes what it sees";
  }
  return NULL;
}

static enum deja_shape known_shape(const struct deja_route_table *table,
                                   const struct deja_start *start) {
  uint64_t slots[DEJA_SHAPE_PROBES];
  const char *const path = deja_route_text(table, table->shapes);
  if (path == NULL) return DEJA_SHAPE_UNKNOWN;
  const uint64_t shape = deja_shape_of(deja_base_of(start->path), start->argv + 1);
  const long fd = raw4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
  if (fd < 0) return DEJA_SHAPE_UNKNOWN;
  const long got = raw4(SYS_pread64, fd, slots, sizeof slots, deja_shape_offset(shape));
  raw1(SYS_close, fd);
  return got == (long)sizeof slots ? deja_find_shape(slots, shape) : DEJA_SHAPE_UNKNOWN;
}

/* "/usr/lib/ccache/gcc" is ccache. */
static bool is_other_wrapper(const struct deja_route_table *table, const char *path) {
  char target[512];
  const long size = raw4(SYS_readlinkat, AT_FDCWD, path, target, sizeof target - 1);
  if (size <= 0) return false;
  target[size] = '\0';
  const char *const name = deja_base_of(target);
  return deja_rule_for(table, name, strlen(name), NULL, NULL) == DEJA_ROUTE_ALONE;
}

static struct deja_decision decide(const struct deja_route_table *table,
                                   const struct deja_start *start, char *const envp[],
                                   enum deja_fit fit, bool is_observable) {
  struct stat st;
  if (raw4(SYS_newfstatat, AT_FDCWD, start->path, &st, 0) != 0 || !S_ISREG(st.st_mode) ||
      raw3(SYS_faccessat, AT_FDCWD, start->path, X_OK) != 0)
    return deja_decided(DEJA_ROUTE_DRIVER, "it cannot be started");
  if (st.st_dev == table->client_device && st.st_ino == table->client_inode)
    return deja_decided(DEJA_ROUTE_OWN, "deja's client");
  const char *const reason = reason_in(envp);
  if (reason) return deja_decided(DEJA_ROUTE_ALONE, reason);
  if (fit == DEJA_GAINS_RIGHTS)
    return deja_decided(DEJA_ROUTE_ALONE, "it is setuid or has capabilities");
  const struct deja_decision decision = deja_decide(table, start);
  if (decision.route == DEJA_ROUTE_ACTION && is_other_wrapper(table, start->path))
    return deja_decided(DEJA_ROUTE_ALONE, "it leads to another wrapper");
  if (!decision.is_command) return decision;
  if (!is_observable) return deja_decided(DEJA_ROUTE_ALONE, "the interposer cannot observe it");
  if (decision.is_asked) return decision;
  switch (known_shape(table, start)) {
    case DEJA_SHAPE_SHORT:
      return deja_decided(DEJA_ROUTE_DRIVER, "commands like this take little time");
    case DEJA_SHAPE_UNFIT:
      return deja_decided(DEJA_ROUTE_DRIVER, "commands like this cannot be stored");
    default: return decision;
  }
}

/* The program's arguments, without what ends a line or a column. Returns where they end. */
static size_t add_arguments(const struct deja_start *start, char *line, size_t at, size_t size) {
  if (!start->argv || !start->argv[0] || !start->argv[1]) return at;
  deja_line_of(start->argv[1], start->argv + 2, line + at, size - at - 1);
  for (; line[at]; ++at)
    if (line[at] == '\n' || line[at] == '\t') line[at] = ' ';
  return at;
}

/* One line with one write, so that lines of parallel programs stay whole. */
static void report(const struct deja_route_table *table, const struct deja_start *start,
                   struct deja_decision decision) {
  static const char *const names[] = {"", "alone", "driver", "deja", "action"};
  const char *const path = deja_route_text(table, table->report);
  char line[1400];
  size_t at = 0;
  if (path == NULL) return;
  const char *const what = decision.is_command && decision.route == DEJA_ROUTE_ACTION
                               ? "command"
                               : names[decision.route];
  const char *const parts[] = {what, "\t", decision.why, "\t", start->path, ""};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; ++i)
    for (const char *p = parts[i]; *p && at < 600; ++p) line[at++] = (char)(*p == '\n' ? ' ' : *p);
  line[at++] = ' ';
  at = add_arguments(start, line, at, sizeof line);
  line[at++] = '\n';
  const long fd = raw4(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0);
  if (fd < 0) return;
  raw3(SYS_write, fd, line, at);
  raw1(SYS_close, fd);
}

static void look(const char *path, char *const argv[], char *const envp[], struct routing *out) {
  size_t size = 0;
  out->route = DEJA_ROUTE_DRIVER;
  out->is_command = false;
  const enum deja_fit fit = path ? deja_fit_of(AT_FDCWD, path, deja_state.preload) : DEJA_FITS_NOT;
  out->is_observable = path && deja_can_route(path, fit);
  if (path == NULL) return;
  const struct deja_route_table *table = open_table(&size);
  if (table == NULL) return;
  char *const room = raw_map(DEJA_SCRIPT_MAX);
  if (room) {
    const struct deja_start start = {path, argv, read_text, room};
    struct deja_decision decision = decide(table, &start, envp, fit, out->is_observable);
    report(table, &start, decision);
    const char *const client = deja_route_text(table, table->client);
    const bool is_action = decision.route == DEJA_ROUTE_ACTION;
    if (is_action &&
        ((table->flags & DEJA_ROUTE_DRY) || client == NULL || strlen(client) >= sizeof out->client))
      decision.route = DEJA_ROUTE_DRIVER;
    if (decision.route == DEJA_ROUTE_ACTION) memcpy(out->client, client, strlen(client) + 1);
    out->route = decision.route;
    out->is_command = decision.is_command;
    raw2(SYS_munmap, room, DEJA_SCRIPT_MAX);
  }
  raw2(SYS_munmap, table, size);
}

static size_t count_of(char *const list[]) {
  size_t n = 0;
  while (list && list[n]) ++n;
  return n;
}

/* deja's client ignores LD_PRELOAD and removes the variable. Another thread may change the environment. */
static void add_variable(char *const envp[], size_t count, char **out) {
  size_t n = 0;
  for (; n < count && envp[n]; ++n) out[n] = envp[n];
  out[n] = deja_state.log_variable;
  out[n + 1] = NULL;
}

/* Frames larger than this are not put onto the program's stack: the program then runs as it is. */
#define WORDS_MAX 16384

static int begin_own(const struct routing *routing, const char *path, char *const argv[],
                     char *const envp[], deja_begin begin, const void *context) {
  const size_t variables = count_of(envp), words = count_of(argv);
  if (variables + words > WORDS_MAX) return -1;
  char **const env = __builtin_alloca((variables + 2) * sizeof(char *));
  add_variable(envp, variables, env);
  if (routing->route == DEJA_ROUTE_OWN) return begin(context, path, argv, env);
  char **const args = __builtin_alloca((words + 4) * sizeof(char *));
  args[0] = (char *)(uintptr_t)"deja";
  args[1] = (char *)(uintptr_t)(routing->is_command ? DEJA_COMMAND_OPTION : DEJA_ROUTED_OPTION);
  args[2] = (char *)(uintptr_t)path;
  for (size_t i = 0; i <= words; ++i) args[3 + i] = argv[i];
  return begin(context, routing->client, args, env);
}

int deja_route_start(const char *path, char *const argv[], char *const envp[], deja_begin begin,
                     const void *context) {
  struct routing routing;
  const int saved = errno;
  look(path, argv, envp, &routing);
  errno = saved;
  if (routing.route == DEJA_ROUTE_ACTION || routing.route == DEJA_ROUTE_OWN) {
    const int result = begin_own(&routing, path, argv, envp, begin, context);
    if (result == 0) return 0;
    errno = saved;
  }
  const bool keeps = routing.route != DEJA_ROUTE_ALONE && routing.is_observable;
  WITH_OBSERVATION(env, envp, keeps);
  int result = begin(context, path, argv, env);
  if (env != (char **)(uintptr_t)envp && (result == E2BIG || (result == -1 && errno == E2BIG)))
    result = begin(context, path, argv, envp);
  DONE_OBSERVATION(env);
  return result;
}
