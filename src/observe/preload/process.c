// SPDX-License-Identifier: Apache-2.0
/* New processes and new programs: fork, exec, spawn, system, popen, and the end of a process. */
#include <paths.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe.h"

/* --- exec ---------------------------------------------------------------------------------------------- */

static void note_exec(enum deja_op op, int at, const char *path, int error) {
  struct deja_log_identity identity;
  if (!deja_recording()) return;
  int unknown = ENOENT;
  if (op == DEJA_OP_EXEC) unknown = deja_identity_at(at, path, 0, &identity);
  if (unknown == EFAULT) return;
  deja_write(&NOTE(.op = (uint16_t)op, .at = at, .path = path, .error = error,
                   .identity = unknown ? NULL : &identity));
}

/* Libraries that were loaded so far must be recorded before another program replaces the process. */
static void before_exec(int at, const char *path) {
  if (!deja_state.forked) deja_look_at_libraries();
  deja_look_at_stdin();
  note_exec(DEJA_OP_EXEC, at, path, 0);
}

static int begin_exec(const void *context, const char *path, char *const argv[],
                      char *const envp[]) {
  (void)context;
  return NEXT(execve)(path, argv, envp);
}

EXPORT int execve(const char *path, char *const argv[], char *const envp[]) {
  if (deja_routing()) return deja_route_start(path, argv, envp, begin_exec, NULL);
  WITH_OBSERVATION(env, envp, deja_observable(AT_FDCWD, path));
  before_exec(AT_FDCWD, path);
  const int result = NEXT(execve)(path, argv, env);
  note_exec(DEJA_OP_EXEC_FAILED, AT_FDCWD, path, errno);
  DONE_OBSERVATION(env);
  return result;
}

int execveat(int at, const char *path, char *const argv[], char *const envp[], int flags);
EXPORT int execveat(int at, const char *path, char *const argv[], char *const envp[], int flags) {
  char opened[4096];
  size_t size = 0;
  if (deja_routing()) {
    if (flags == 0 && path && (at == AT_FDCWD || path[0] == '/')) return execve(path, argv, envp);
    errno = (int)-raw6(SYS_execveat, at, (long)path, (long)argv, (long)envp, flags, 0);
    return -1;
  }
  const bool opened_already = (flags & AT_EMPTY_PATH) && path && path[0] == '\0';
  if (opened_already && deja_recording()) {
    size = deja_path_of(at, opened, sizeof opened - 1);
    if (size == 0) deja_lose(DEJA_LOST_PATH);
  }
  opened[size] = '\0';
  const int from = size ? AT_FDCWD : at;
  const char *name = size ? opened : path;
  WITH_OBSERVATION(env, envp,
                   opened_already ? deja_observable_fd(at, opened) : deja_observable(at, path));
  before_exec(from, name);
  const long result = raw6(SYS_execveat, at, (long)path, (long)argv, (long)env, flags, 0);
  errno = (int)-result;
  note_exec(DEJA_OP_EXEC_FAILED, from, name, errno);
  DONE_OBSERVATION(env);
  return -1;
}

/* Under routing, what a program without a name starts is not looked at. */
EXPORT int fexecve(int fd, char *const argv[], char *const envp[]) {
  if (deja_routing()) return NEXT(fexecve)(fd, argv, envp);
  char opened[4096];
  const size_t size = deja_recording() ? deja_path_of(fd, opened, sizeof opened - 1) : 0;
  opened[size] = '\0';
  WITH_OBSERVATION(env, envp, deja_observable_fd(fd, opened));
  if (size == 0) deja_lose(DEJA_LOST_PATH);
  before_exec(AT_FDCWD, opened);
  const int result = NEXT(fexecve)(fd, argv, env);
  note_exec(DEJA_OP_EXEC_FAILED, AT_FDCWD, opened, errno);
  DONE_OBSERVATION(env);
  return result;
}

EXPORT int execv(const char *path, char *const argv[]) { return execve(path, argv, environ); }

/* --- the search in PATH, as in libc, so that candidates that were not found are recorded ------------------ */

/* The next candidate for file in a PATH; false at the end. */
static bool next_candidate(const char **path, const char *file, char *out, size_t room) {
  while (*path) {
    const char *end = strchr(*path, ':');
    const size_t directory = end ? (size_t)(end - *path) : strlen(*path);
    const size_t size = strlen(file);
    const char *from = *path;
    *path = end ? end + 1 : NULL;
    if (directory + 1 + size + 1 > room) continue;
    memcpy(out, from, directory);
    if (directory) out[directory] = '/';
    memcpy(out + directory + (directory != 0), file, size + 1);
    return true;
  }
  return false;
}

static const char *search_path(void) {
  deja_note_variable("PATH");
  const char *path = deja_variable("PATH");
  return path ? path : "/bin:/usr/bin";
}

/* A file without "#!" is given to the shell, as POSIX requires for the p-variants. */
static void exec_shell(const char *script, char *const argv[], char *const envp[]) {
  size_t n = 0;
  while (argv[n]) ++n;
  char **const args = __builtin_alloca((n + 3) * sizeof(char *));
  args[0] = (char *)_PATH_BSHELL;
  args[1] = (char *)script;
  for (size_t i = 1; i <= n; ++i) args[i + 1] = argv[i];
  if (n == 0) args[2] = NULL;
  execve(_PATH_BSHELL, args, envp);
}

static bool try_next(int error) {
  return error == ENOENT || error == ESTALE || error == ENOTDIR || error == ENODEV ||
         error == ETIMEDOUT || error == EACCES;
}

EXPORT int execvpe(const char *file, char *const argv[], char *const envp[]) {
  char candidate[4096];
  bool denied = false;
  if (!deja_follows_programs()) {
    WITH_OBSERVATION(env, envp, true);
    return NEXT(execvpe)(file, argv, env);
  }
  if (file == NULL || file[0] == '\0') {
    errno = ENOENT;
    return -1;
  }
  if (strchr(file, '/')) {
    execve(file, argv, envp);
    if (errno == ENOEXEC) exec_shell(file, argv, envp);
    return -1;
  }
  const char *path = search_path();
  errno = ENOENT;
  while (next_candidate(&path, file, candidate, sizeof candidate)) {
    const long found = raw3(SYS_faccessat, AT_FDCWD, candidate, F_OK);
    if (found == -ENOENT || found == -ENOTDIR) { /* nothing to exec: one record instead of two */
      errno = (int)-found;
      note_exec(DEJA_OP_EXEC_FAILED, AT_FDCWD, candidate, errno);
      continue;
    }
    execve(candidate, argv, envp);
    if (errno == ENOEXEC) exec_shell(candidate, argv, envp);
    denied |= errno == EACCES;
    if (!try_next(errno)) return -1;
  }
  if (denied) errno = EACCES;
  return -1;
}

EXPORT int execvp(const char *file, char *const argv[]) { return execvpe(file, argv, environ); }

/* The arguments of an execl* function as an array in the caller's frame. */
#define LIST_ARGUMENTS(argv, first, list)                                    \
  size_t argv##_count = 1;                                                   \
  va_start(list, first);                                                     \
  if (first)                                                                 \
    while (va_arg(list, char *)) ++argv##_count;                             \
  va_end(list);                                                              \
  char **const argv = __builtin_alloca((argv##_count + 1) * sizeof(char *)); \
  argv[0] = (char *)first;                                                   \
  va_start(list, first);                                                     \
  for (size_t i = 1; i < argv##_count; ++i) argv[i] = va_arg(list, char *);  \
  argv[argv##_count] = NULL;                                                 \
  if (first) (void)va_arg(list, char *) /* skips the NULL; execle's envp follows */

EXPORT int execl(const char *path, const char *first, ...) {
  va_list list;
  LIST_ARGUMENTS(argv, first, list);
  va_end(list);
  return execve(path, argv, environ);
}
EXPORT int execlp(const char *file, const char *first, ...) {
  va_list list;
  LIST_ARGUMENTS(argv, first, list);
  va_end(list);
  return execvpe(file, argv, environ);
}
EXPORT int execle(const char *path, const char *first, ...) {
  va_list list;
  LIST_ARGUMENTS(argv, first, list);
  char **const envp = va_arg(list, char **);
  va_end(list);
  return execve(path, argv, envp);
}

/* --- spawn ---------------------------------------------------------------------------------------------- */

/* The identity lets the reader recognise deja's own client. */
static void note_spawn(const char *path, int error, pid_t child) {
  struct deja_log_identity identity;
  if (!deja_recording()) return;
  const bool known = error == 0 && deja_identity_at(AT_FDCWD, path, 0, &identity) == 0;
  deja_write(&NOTE(.op = DEJA_OP_SPAWN, .path = path, .error = error,
                   .value = error ? 0 : (uint32_t)child, .identity = known ? &identity : NULL));
}

/* After a change of directory in the child only, relative names cannot be resolved here. */
static int child_changes_directory;
static bool can_be_told(const char *path) {
  return !__atomic_load_n(&child_changes_directory, __ATOMIC_RELAXED) || (path && path[0] == '/');
}

struct spawning {
  pid_t *pid;
  const posix_spawn_file_actions_t *actions;
  const posix_spawnattr_t *attributes;
  const char *found; /* by the search for file: libc searches again */
  const char *file;  /* NULL: without a search */
};

static int begin_spawn(const void *context, const char *path, char *const argv[],
                       char *const envp[]) {
  const struct spawning *s = context;
  if (s->file && path == s->found)
    return NEXT(posix_spawnp)(s->pid, s->file, s->actions, s->attributes, argv, envp);
  return NEXT(posix_spawn)(s->pid, path, s->actions, s->attributes, argv, envp);
}

EXPORT int posix_spawn(pid_t *restrict pid, const char *restrict path,
                       const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *restrict attributes, char *const argv[restrict],
                       char *const envp[restrict]) {
  pid_t child = 0;
  if (deja_routing() && can_be_told(path))
    return deja_route_start(path, argv, envp, begin_spawn,
                            &(struct spawning){pid, actions, attributes, NULL, NULL});
  WITH_OBSERVATION(env, envp, can_be_told(path) && deja_observable(AT_FDCWD, path));
  const int error = NEXT(posix_spawn)(&child, path, actions, attributes, argv, env);
  note_spawn(path, error, child);
  DONE_OBSERVATION(env);
  if (pid && error == 0) *pid = child;
  return error;
}

/* The candidate at which libc's own search in the child ends; earlier ones are recorded. */
static const char *find_program(const char *file, char *out, size_t room) {
  if (file == NULL || strchr(file, '/') || !deja_follows_programs()) return file;
  const char *path = search_path();
  while (next_candidate(&path, file, out, room)) {
    const long found = raw3(SYS_faccessat, AT_FDCWD, out, X_OK);
    if (found == 0) return out;
    note_exec(DEJA_OP_EXEC_FAILED, AT_FDCWD, out, (int)-found);
  }
  return file;
}

EXPORT int posix_spawnp(pid_t *restrict pid, const char *restrict file,
                        const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *restrict attributes, char *const argv[restrict],
                        char *const envp[restrict]) {
  char found[4096];
  pid_t child = 0;
  const char *const path = find_program(file, found, sizeof found);
  if (deja_routing() && path && strchr(path, '/') && can_be_told(path))
    return deja_route_start(path, argv, envp, begin_spawn,
                            &(struct spawning){pid, actions, attributes, path, file});
  WITH_OBSERVATION(env, envp, can_be_told(path) && deja_observable(AT_FDCWD, path));
  const int error = NEXT(posix_spawnp)(&child, file, actions, attributes, argv, env);
  note_spawn(path, error, child);
  DONE_OBSERVATION(env);
  if (pid && error == 0) *pid = child;
  return error;
}

/* glibc 2.39 and later; the child is known only by a descriptor. */
struct pidfd_spawning {
  int *pidfd;
  const posix_spawn_file_actions_t *actions;
  const posix_spawnattr_t *attributes;
  const char *found, *file; /* as in struct spawning */
};

#define DEFINE_PIDFD_SPAWN(name, search)                                                         \
  int name(int *pidfd, const char *path, const posix_spawn_file_actions_t *actions,              \
           const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);         \
  static int begin_##name(const void *context, const char *path, char *const argv[],             \
                          char *const envp[]) {                                                  \
    const struct pidfd_spawning *s = context;                                                    \
    return NEXT(name)(s->pidfd, path == s->found ? s->file : path, s->actions, s->attributes,    \
                      argv, envp);                                                               \
  }                                                                                              \
  EXPORT int name(int *pidfd, const char *path, const posix_spawn_file_actions_t *actions,       \
                  const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]) { \
    char found[4096];                                                                            \
    const char *const program = search ? find_program(path, found, sizeof found) : path;         \
    if (deja_routing() && program && strchr(program, '/') && can_be_told(program))               \
      return deja_route_start(                                                                   \
          program, argv, envp, begin_##name,                                                     \
          &(struct pidfd_spawning){pidfd, actions, attributes, program, path});                  \
    WITH_OBSERVATION(env, envp, can_be_told(program) && deja_observable(AT_FDCWD, program));     \
    const int error = NEXT(name)(pidfd, path, actions, attributes, argv, env);                   \
    note_spawn(program, error, 0);                                                               \
    DONE_OBSERVATION(env);                                                                       \
    return error;                                                                                \
  }
DEFINE_PIDFD_SPAWN(pidfd_spawn, false)
DEFINE_PIDFD_SPAWN(pidfd_spawnp, true)

#define DEFINE_ADDCHDIR(name, type)                                  \
  int name(posix_spawn_file_actions_t *actions, type where);         \
  EXPORT int name(posix_spawn_file_actions_t *actions, type where) { \
    __atomic_store_n(&child_changes_directory, 1, __ATOMIC_RELAXED); \
    return NEXT(name)(actions, where);                               \
  }
DEFINE_ADDCHDIR(posix_spawn_file_actions_addchdir_np, const char *)
DEFINE_ADDCHDIR(posix_spawn_file_actions_addchdir, const char *)
DEFINE_ADDCHDIR(posix_spawn_file_actions_addfchdir_np, int)
DEFINE_ADDCHDIR(posix_spawn_file_actions_addfchdir, int)

/* The child opens the file before it execs, where no call is interposed. */
EXPORT int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *restrict actions, int fd,
                                            const char *restrict path, int flags, mode_t mode) {
  const int error = NEXT(posix_spawn_file_actions_addopen)(actions, fd, path, flags, mode);
  if (deja_recording() && error == 0 && path) {
    struct deja_log_identity identity;
    if (path[0] != '/' && child_changes_directory) deja_lose(DEJA_LOST_PATH);
    /* before a file is made, the name itself is examined; see before_open() */
    struct stat st;
    const bool existed =
        !(flags & O_CREAT) || raw4(SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
    const bool known = existed && deja_identity_at(AT_FDCWD, path, 0, &identity) == 0;
    uint16_t how = (flags & O_ACCMODE) == O_RDONLY ? DEJA_OPEN_READ : DEJA_OPEN_WRITE;
    if ((flags & O_ACCMODE) == O_RDWR) how |= DEJA_OPEN_READ;
    if (flags & O_CREAT) how |= DEJA_OPEN_CREATE;
    if (flags & O_TRUNC) how |= DEJA_OPEN_TRUNCATE;
    if (existed && (flags & O_CREAT)) how |= DEJA_OPEN_EXISTED;
    deja_write(&NOTE(.op = DEJA_OP_OPEN, .flags = how, .path = path,
                     .error = known || (flags & O_CREAT) ? 0 : ENOENT,
                     .identity = known ? &identity : NULL));
  }
  return error;
}

/* --- the shell ------------------------------------------------------------------------------------------- */

/* SIGINT and SIGQUIT are ignored while the child runs. Several threads may run one at once, so the first
 * saves the handlers and the last restores them. */
static int waiting_lock, waiting;
static struct sigaction kept_int, kept_quit;

static void lock_waiting(void) {
  while (__atomic_exchange_n(&waiting_lock, 1, __ATOMIC_ACQUIRE)) raw0(SYS_sched_yield);
}
static void unlock_waiting(void) { __atomic_store_n(&waiting_lock, 0, __ATOMIC_RELEASE); }
/* Called in a fork: another thread may have held the lock. */
void deja_system_forked(void) { unlock_waiting(); }

static int run_shell(const char *command) {
  const bool dashes = deja_shell_takes_dashes();
  const char *const argv[] = {"sh", "-c", dashes ? "--" : command, dashes ? command : NULL, NULL};
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigset_t block, kept_mask, defaults;
  posix_spawnattr_t attributes;
  int status = 127 << 8;
  pid_t pid = 0;
  sigemptyset(&block);
  sigaddset(&block, SIGCHLD);
  lock_waiting();
  if (waiting++ == 0) {
    sigaction(SIGINT, &ignore, &kept_int);
    sigaction(SIGQUIT, &ignore, &kept_quit);
  }
  sigemptyset(&defaults);
  if (kept_int.sa_handler != SIG_IGN) sigaddset(&defaults, SIGINT);
  if (kept_quit.sa_handler != SIG_IGN) sigaddset(&defaults, SIGQUIT);
  sigprocmask(SIG_BLOCK, &block, &kept_mask);
  unlock_waiting();
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &kept_mask);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  const int error =
      posix_spawn(&pid, _PATH_BSHELL, NULL, &attributes, (char *const *)(void *)argv, environ);
  if (error == 0)
    while (waitpid(pid, &status, 0) == -1) {
      if (errno == EINTR) continue;
      status = -1;
      break;
    }
  posix_spawnattr_destroy(&attributes);
  const int saved = error ? error : errno;
  lock_waiting();
  if (--waiting == 0) {
    sigaction(SIGINT, &kept_int, NULL);
    sigaction(SIGQUIT, &kept_quit, NULL);
  }
  sigprocmask(SIG_SETMASK, &kept_mask, NULL);
  unlock_waiting();
  errno = saved;
  return status;
}

/* libc's own system() starts the shell with the program's environment, unobserved. */
EXPORT int system(const char *command) {
  if (!deja_follows_programs()) return NEXT(system)(command);
  if (command == NULL) return run_shell("exit 0") == 0;
  return run_shell(command);
}

/* --- fork ------------------------------------------------------------------------------------------------- */

#define DEFINE_FORK(name)             \
  pid_t name(void);                   \
  EXPORT pid_t name(void) {           \
    const pid_t child = NEXT(name)(); \
    if (child == 0) deja_forked();    \
    return child;                     \
  }
DEFINE_FORK(fork)
DEFINE_FORK(__fork)
DEFINE_FORK(_Fork)
DEFINE_FORK(__libc_fork)

EXPORT int daemon(int stay, int keep) {
  const int result = NEXT(daemon)(stay, keep);
  if (result == 0) deja_forked(); /* only in the child */
  return result;
}

struct termios;
struct winsize;
int forkpty(int *master, char *name, const struct termios *t, const struct winsize *w);
EXPORT int forkpty(int *master, char *name, const struct termios *t, const struct winsize *w) {
  const int child = NEXT(forkpty)(master, name, t, w);
  if (child == 0) deja_forked();
  return child;
}

/* --- the end ------------------------------------------------------------------------------------------------ */

#define DEFINE_EXIT(name)                             \
  void name(int code) __attribute__((noreturn));      \
  EXPORT void name(int code) {                        \
    if (!deja_state.forked) deja_look_at_libraries(); \
    deja_look_at_stdin();                             \
    for (;;) raw1(SYS_exit_group, code);              \
  }
DEFINE_EXIT(_exit)
DEFINE_EXIT(_Exit)
