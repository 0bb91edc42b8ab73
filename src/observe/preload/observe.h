// SPDX-License-Identifier: Apache-2.0
/* The interposer's internal header.
 *
 * This library is loaded into arbitrary processes, so all of its code keeps these rules:
 *   - no malloc, no stdio, no locks, no open descriptor; errno stays as the real call left it;
 *   - safe in signal handlers, in threads, after fork, and between vfork and exec, where memory is the
 *     parent's: nothing may be written there that changes the parent's behaviour;
 *   - correct before its constructor has run: every entry calls deja_started();
 *   - its own system calls are raw (raw_*), so no other interposer sees them.
 * A call that cannot be recorded sets `lost` in the log. An error here means a stale cache hit.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "log_layout.h"
#include "raw.h"
#include "route_layout.h"

#define EXPORT __attribute__((visibility("default")))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define COLD __attribute__((noinline, cold))

/* --- state.c: one per process ------------------------------------------------------------- */

struct deja_state {
  int stage; /* atomic: 0 not started, 1 starting, 2 started */
  int starter_tid;
  char *log; /* the mapping, NULL: inert */
  int silent; /* atomic; no more records and no more system calls of ours in this process: it confines itself
               * (sandbox.c) or locks its memory (memory.c) */
  int writers; /* atomic: threads that are writing a record; the log stays mapped while there are any */
  uint64_t capacity;
  int home_pid;      /* of the process whose memory this is */
  int shares_memory; /* vfork or clone was called: the pid must be read from the kernel each time */
  int forked;        /* this process is a fork: another thread's locks may stay locked forever */
  int unknown; /* a program of no table: questions before and after opening a file count apart */
  uint32_t cwd_generation;
  uint32_t once;                     /* bits of records written once per process, enum deja_once */
  uint32_t module_stamp;             /* enum deja_module_stamp */
  unsigned long long libraries_seen; /* dlpi_adds when the link map was read last */
  uintptr_t own_base;                /* where this library is loaded */
  const char *library_path;          /* LD_LIBRARY_PATH as the loader took it at the start */
  int locale_active;                 /* setlocale chose something other than "C" */
  int routing;                       /* for `deja run`: no log, but programs are routed (route.c) */
  size_t log_variable_size, preload_size;
  char log_variable
      [2560];         /* "DEJA_OBSERVE_LOG=…" or "DEJA_ROUTE_TABLE=…" as it is restored at exec */
  char preload[4096]; /* this library, as LD_PRELOAD named it */
};
extern struct deja_state deja_state __attribute__((visibility("hidden")));

void deja_start(void);
/* Every interposed entry calls this first. */
static inline void deja_started(void) {
  if (UNLIKELY(__atomic_load_n(&deja_state.stage, __ATOMIC_ACQUIRE) != 2)) deja_start();
}
static inline bool deja_recording(void) {
  deja_started();
  return deja_state.log != NULL && LIKELY(!__atomic_load_n(&deja_state.silent, __ATOMIC_RELAXED));
}

static inline bool deja_routing(void) {
  deja_started();
  return UNLIKELY(deja_state.routing) &&
         LIKELY(!__atomic_load_n(&deja_state.silent, __ATOMIC_RELAXED));
}
/* Does this library do more than call the next function when a program is started? */
static inline bool deja_follows_programs(void) { return deja_recording() || deja_routing(); }

/* If another process uses the same memory (a vfork child), no state may change. */
static inline int deja_pid(void) {
  if (LIKELY(!__atomic_load_n(&deja_state.shares_memory, __ATOMIC_RELAXED)) || deja_state.silent)
    return deja_state.home_pid;
  return (int)raw0(SYS_getpid);
}
static inline bool deja_is_vfork_child(void) { return deja_pid() != deja_state.home_pid; }

/* Writes PROCESS for a child that fork has just made. */
void deja_forked(void);

enum deja_once {
  DEJA_ONCE_TIME = 0x1,
  DEJA_ONCE_REALTIME = 0x2,
  DEJA_ONCE_RANDOM = 0x4,
  DEJA_ONCE_ZONE = 0x8,
  DEJA_ONCE_HOST = 0x10, /* and above: one bit for each text of the HOST table */
  DEJA_ONCE_DAY = 0x10000000,
  DEJA_ONCE_TIME_AGAIN = 0x20000000
};
enum deja_module_stamp { DEJA_STAMP_UNSEEN, DEJA_STAMP_SEEN, DEJA_STAMP_DONE };
/* clang stats "modules.timestamp", and then reads the time (DEJA_CLOCK_OF_MODULES). */
void deja_note_module_stamp(const char *path, bool is_there);
bool deja_take_module_stamp(void);
/* True the first time in this process, and always in a vfork child, which has no memory of its own. */
bool deja_first_time(uint32_t bit);
/* A file was opened for reading: an unknown program's later questions are recorded again, because an
 * interpreter asks questions of its own before it opens its script. */
void deja_ask_again(void);
/* A library is being loaded by name: its questions are recorded again. */
void deja_library_asks(void);

/* --- loader.c ----------------------------------------------------------------------------- */

/* Records libraries of the link map that are new since the last call, and the places where the loader
 * searched before it found them. */
void deja_look_at_libraries(void);
/* Records the directories that dlopen will search for a bare name. */
void deja_look_for_library(const char *name);
/* The same for the start of a program, with the other files that the loader has read. */
void deja_note_loader(void);

/* --- stdin.c ------------------------------------------------------------------------------ */

/* Descriptor 0 is about to be read: records it if it is the run's standard input. */
void deja_note_stdin(void);
/* Records it if libc's stream has read from it. Called before the process ends or execs. */
void deja_look_at_stdin(void);

/* --- record.c ----------------------------------------------------------------------------- */

struct deja_note {
  uint16_t op, flags;
  int error;
  uint32_t value;
  int64_t when; /* 0: now */
  bool once;    /* an equal record may be dropped */
  bool absolute;
  int at; /* the directory `path` is relative to */
  const char *path;
  int at2;
  const char *path2; /* a second path, or one of: */
  const char *text2;
  size_t text2_size;
  const struct deja_log_identity *identity; /* sets DEJA_FLAG_IDENTITY */
};
#define NOTE(...) ((struct deja_note){.at = AT_FDCWD, .at2 = AT_FDCWD, __VA_ARGS__})

/* Keeps errno. A NULL or empty path, EFAULT and paths of more than PATH_MAX are not recorded. */
void deja_write(const struct deja_note *note);
void deja_lose(enum deja_lost why);
int64_t deja_now(void);

/* The absolute path of a directory descriptor or AT_FDCWD; 0: it cannot be determined. */
size_t deja_directory_of(int at, char *out, size_t size);
/* "/proc/self/fd/N". */
#define DEJA_FD_NAME_SIZE 32
void deja_name_fd(int fd, char out[DEJA_FD_NAME_SIZE]);
/* The present path of an open descriptor; 0: it has none (a pipe, a socket). */
size_t deja_path_of(int fd, char *out, size_t size);

void deja_identity_of(const struct stat *st, struct deja_log_identity *out);
/* Returns 0, or the errno of the failure; errno itself stays. */
int deja_identity_at(int at, const char *path, int flags, struct deja_log_identity *out);
bool deja_identity_fd(int fd, struct deja_log_identity *out);

/* --- next.c: the function that would have been called without the interposer ------------------------ */

void *deja_resolve(void **slot, const char *name);
static inline void *deja_next(void **slot, const char *name) {
  void *known = __atomic_load_n(slot, __ATOMIC_RELAXED);
  return LIKELY(known != NULL) ? known : deja_resolve(slot, name);
}
/* Never NULL: for a name that libc does not have, a function that fails with ENOSYS. */
#define NEXT(name)                                          \
  ((__typeof__(&name))deja_next(({                          \
                                  static void *next_##name; \
                                  &next_##name;             \
                                }),                         \
                                #name))

struct dl_phdr_info;
/* Called for each object at start; records where libc is. */
void deja_next_module(const struct dl_phdr_info *info);
/* True if the program or one of its libraries has a function of that name. */
bool deja_next_has(const char *name);
/* False in a process with another libc that loads this library all the same. */
bool deja_next_is_glibc(void);

/* --- environment.c ---------------------------------------------------------------------------- */

/* The value of a variable in the process's own environment; not recorded. */
const char *deja_variable(const char *name);
/* Removes the log's name and this library from the environment, and keeps both. */
void deja_strip_environment(void);

/* The arguments of the process, each with its NUL. Returns their size, 0 if they are not known. */
#define DEJA_ARGUMENTS_MAX (64u << 10)
size_t deja_arguments(const char **first);

/* The number of pointers and bytes that deja_put_back needs for envp. Both are 0 if the program to be
 * started cannot be observed, or this process has nothing to restore: envp then stays as it is. */
struct deja_environment_size {
  size_t pointers, bytes;
};
struct deja_environment_size deja_environment_size(char *const envp[], bool observable);
/* Returns envp with both entries restored, in memory of the caller. */
char **deja_put_back(char *const envp[], void *memory, struct deja_environment_size size);

/* elf.c: false for programs that would print an error or fail because of the library (loadable.h). The
 * second function examines an open file, at path if that is not empty. */
bool deja_observable(int at, const char *path);
bool deja_observable_fd(int fd, const char *path);

/* A new envp in the caller's frame (or, if it is huge, in a mapping). Nothing needs to be freed, since a
 * successful exec frees everything. */
#define WITH_OBSERVATION(name, envp, observable)                                            \
  struct deja_environment_size name##_size = deja_environment_size(envp, observable);       \
  size_t name##_total = name##_size.pointers * sizeof(char *) + name##_size.bytes;          \
  void *name##_map = NULL;                                                                  \
  if (name##_total > 8192) name##_map = raw_map(name##_total);                              \
  char **name = deja_put_back(                                                              \
      envp, name##_map ? name##_map : __builtin_alloca(name##_map ? 16 : name##_total + 1), \
      name##_size)
#define DONE_OBSERVATION(name)                                  \
  do {                                                          \
    if (name##_map) raw2(SYS_munmap, name##_map, name##_total); \
  } while (0)

/* --- route.c ------------------------------------------------------------------------------------ */

/* Starts a program in one way: exec (returns only when it fails) or spawn (returns the error). */
typedef int (*deja_begin)(const void *context, const char *path, char *const argv[],
                          char *const envp[]);
/* Starts the program, or deja's client in its place. path: NULL if it is not known. Returns what begin
 * returned for the program itself. */
int deja_route_start(const char *path, char *const argv[], char *const envp[], deja_begin begin,
                     const void *context);

/* --- sandbox.c --------------------------------------------------------------------------------- */

void deja_fall_silent(enum deja_lost why);
/* syscall() has made this call: checks whether the process has confined itself. */
void deja_after_confinement(long number, unsigned long operation, unsigned long flags);

/* --- popen.c ------------------------------------------------------------------------------------- */

/* The child of a stream that popen made; the entry is removed. 0: another stream. */
pid_t deja_take_piped(const FILE *file);
/* Waits for the child. Returns the result of fclose, given the result of closing the stream. */
int deja_end_piped(pid_t child, int closed);
bool deja_shell_takes_dashes(void);
/* Called after a fork: the other threads no longer exist. */
void deja_popen_forked(void);
void deja_system_forked(void);

/* --- shared between the files of wrappers ------------------------------------------------------- */

/* Records a variable that libc itself reads (locale, TMPDIR, PATH). */
void deja_note_variable(const char *name);
void deja_note_host(const char *what, unsigned bit);
void deja_note_change(int at, const char *path, int flags, int result, int64_t when);
void deja_note_change_fd(int fd, int result);
void deja_note_stat(int at, const char *path, uint16_t flags, int result, const struct stat *st,
                    int64_t when);
void deja_note_list_fd(int fd);
void deja_note_lock(int fd);
/* close.c: sets whether the close of this descriptor is recorded. */
void deja_follow(int fd, bool follow);
void deja_note_zone(void);
