// SPDX-License-Identifier: Apache-2.0
/* popen and pclose. libc's own popen starts the shell with the program's environment, unobserved; that
 * cannot be changed temporarily, because other threads read the environment. So this file does the same
 * with posix_spawn, which takes an environment. */
#include <gnu/libc-version.h>
#include <paths.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe.h"

/* The open streams of popen. Each later child closes their descriptors, so the list must be right while a
 * child is made: the lock is held, as libc holds its own. */
#define PIPES_MAX 1024
struct piped {
  FILE *file; /* NULL: free */
  int fd;
  pid_t child;
};
static struct piped pipes[PIPES_MAX];
static int pipes_used; /* no entry from here on is in use */
static int lock;

static void lock_pipes(void) {
  while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) raw0(SYS_sched_yield);
}
static void unlock_pipes(void) { __atomic_store_n(&lock, 0, __ATOMIC_RELEASE); }

/* Another thread may have held the lock. */
void deja_popen_forked(void) { unlock_pipes(); }

static struct piped *free_entry(void) {
  for (int i = 0; i < PIPES_MAX; ++i)
    if (pipes[i].file == NULL) return &pipes[i];
  return NULL;
}

static bool is_full(void) {
  lock_pipes();
  const bool full = free_entry() == NULL;
  unlock_pipes();
  return full;
}

/* "sh -c -- COMMAND" since glibc 2.38. */
bool deja_shell_takes_dashes(void) {
  const char *v = gnu_get_libc_version();
  unsigned part[2] = {0, 0};
  for (int i = 0; i < 2; ++i) {
    for (; *v >= '0' && *v <= '9'; ++v) part[i] = part[i] * 10 + (unsigned)(*v - '0');
    if (*v == '.') ++v;
  }
  return part[0] > 2 || (part[0] == 2 && part[1] >= 38);
}

static int start_shell(const char *command, int child_end, int as, pid_t *child) {
  const bool dashes = deja_shell_takes_dashes();
  const char *const argv[] = {"sh", "-c", dashes ? "--" : command, dashes ? command : NULL, NULL};
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error != 0) return error;
  error = posix_spawn_file_actions_adddup2(&actions, child_end, as);
  for (int i = 0; i < pipes_used && error == 0; ++i)
    if (pipes[i].file && pipes[i].fd != as)
      error = posix_spawn_file_actions_addclose(&actions, pipes[i].fd);
  if (error == 0)
    error = posix_spawn(child, _PATH_BSHELL, &actions, NULL, (char *const *)(const void *)argv,
                        environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

/* `ours` is owned by the stream, or closed. */
static FILE *start_piped(const char *command, bool reads, bool on_exec, int ours, int theirs) {
  int error = ENOMEM;
  FILE *const file = fdopen(ours, reads ? "r" : "w");
  if (file == NULL) {
    raw1(SYS_close, ours);
    return NULL;
  }
  lock_pipes();
  struct piped *const entry = free_entry();
  if (entry) error = start_shell(command, theirs, reads ? 1 : 0, &entry->child);
  if (error == 0) {
    entry->fd = ours;
    __atomic_store_n(&entry->file, file, __ATOMIC_RELEASE);
    if (entry - pipes >= pipes_used) pipes_used = (int)(entry - pipes) + 1;
  }
  unlock_pipes();
  if (error != 0) {
    NEXT(fclose)(file);
    errno = error;
    return NULL;
  }
  if (!on_exec) NEXT(fcntl)(ours, F_SETFD, 0);
  return file;
}

static FILE *popen_observed(FILE *(*next)(const char *, const char *), const char *command,
                            const char *mode) {
  bool reads = false, writes = false, on_exec = false;
  int ends[2];
  if (!deja_follows_programs()) return next(command, mode);
  for (const char *m = mode; *m; ++m) {
    reads |= *m == 'r';
    writes |= *m == 'w';
    on_exec |= *m == 'e';
    if (*m != 'r' && *m != 'w' && *m != 'e') reads = writes = true; /* refused */
  }
  if (reads == writes) {
    errno = EINVAL;
    return NULL;
  }
  if (is_full()) {
    deja_lose(DEJA_LOST_SHELL);
    return next(command, mode);
  }
  if (pipe2(ends, O_CLOEXEC) != 0) return NULL;
  const int ours = ends[reads ? 0 : 1], theirs = ends[reads ? 1 : 0];
  FILE *const file = start_piped(command, reads, on_exec, ours, theirs);
  raw1(SYS_close, theirs);
  return file;
}

EXPORT FILE *popen(const char *command, const char *mode) {
  return popen_observed(NEXT(popen), command, mode);
}
FILE *_IO_popen(const char *command, const char *mode);
EXPORT FILE *_IO_popen(const char *command, const char *mode) {
  return popen_observed(NEXT(_IO_popen), command, mode);
}

pid_t deja_take_piped(const FILE *file) {
  pid_t child = 0;
  if (file == NULL || LIKELY(__atomic_load_n(&pipes_used, __ATOMIC_RELAXED) == 0)) return 0;
  lock_pipes();
  for (int i = 0; i < pipes_used && child == 0; ++i) {
    if (pipes[i].file != file) continue;
    child = pipes[i].child;
    pipes[i].file = NULL;
  }
  unlock_pipes();
  return child;
}

/* By a call that is not a cancellation point: libc blocks cancellation here. */
int deja_end_piped(pid_t child, int closed) {
  int status = 0;
  long ended;
  do ended = raw4(SYS_wait4, child, &status, 0, NULL);
  while (ended == -EINTR);
  if (ended < 0) {
    errno = (int)-ended;
    return -1;
  }
  return status ? status : closed;
}

/* As in libc, pclose and fclose are one function. */
EXPORT int pclose(FILE *stream) {
  const pid_t child = deja_take_piped(stream);
  if (child == 0) return NEXT(pclose)(stream);
  return deja_end_piped(child, NEXT(fclose)(stream));
}
