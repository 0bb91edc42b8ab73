// SPDX-License-Identifier: Apache-2.0
/* deja.h: the build cache deja, from within a program. C99 and C++. Link with -ldeja.
 *
 * Two ways to use it:
 *   deja_probe, deja_store   you run the job yourself; deja stores its result and returns it later
 *   deja_run                 like the command `deja exec`: deja runs a tool, or restores its result
 *
 * For every function:
 *   - It prints nothing, does not end the process, throws no exception, and does not change your
 *     signal handlers, environment, working directory or umask. It may change errno.
 *   - A cache that does not work is not an error: then a probe finds nothing, a store stores
 *     nothing, and a run runs the tool. The errors below are about your arguments and files.
 *   - Texts are NUL-terminated bytes in any encoding. Arguments need to live only as long as the
 *     call. NULL is allowed where the comment says so.
 *   - A function that returns a deja_status sets its last argument only with DEJA_OK. Free that
 *     object with the function named in the comment.
 *
 * Threads: any number may use one deja_cache at once. A deja_job or deja_result must be used by one
 * thread at a time. deja_open and deja_run read the environment: no other thread may change it
 * during the call. In a child after fork, do not use objects of the parent: there they find and
 * store nothing.
 */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum deja_status {
  DEJA_OK = 0,
  DEJA_INVALID,   /* an argument is not valid */
  DEJA_NO_INPUT,  /* an input file does not exist or cannot be read */
  DEJA_CHANGED,   /* an input file has changed */
  DEJA_NOT_RUN,   /* the tool could not be started: run it yourself */
  DEJA_NO_MEMORY, /* or your process has run out of another resource */
} deja_status;

/* What went wrong in this thread's last call that did not return DEJA_OK: one line that names the
 * argument or file; "" when there was none. Valid until the next such call of this thread. */
const char* deja_error(void);

/* --- The cache ---------------------------------------------------------------------------- */

typedef struct deja_cache deja_cache;

/* Opens the cache in a directory, and creates the directory if necessary.
 *   directory  NULL: the directory of the command `deja` (DEJA_DIR, else XDG_CACHE_HOME, else HOME)
 *   client     the program `deja`, which deja_run starts; NULL: the one installed with this library
 * The configuration is that of the command `deja` in the current working directory.
 * Errors: DEJA_INVALID (an empty text), DEJA_NO_MEMORY. Free it with deja_close. */
deja_status deja_open(const char* directory, const char* client, deja_cache** cache);

/* Why this cache finds and stores nothing for jobs; "" when it works. Valid until deja_close. */
const char* deja_trouble(const deja_cache* cache);

/* NULL: nothing happens. Existing jobs and results keep working. No other thread may be in a call
 * with this cache. */
void deja_close(deja_cache* cache);

/* --- Jobs that you run yourself ----------------------------------------------------------- */

/* A variable that a job depends on. An unset variable differs from an empty one. */
typedef struct deja_variable {
  const char* name;  /* NULL: the end of the list */
  const char* value; /* NULL: unset */
} deja_variable;

/* Everything that a job's result depends on. Nothing is observed, so whatever is missing here
 * causes wrong hits. The order of inputs and variables, and duplicates, do not matter. */
typedef struct deja_action {
  const char* name; /* what kind of job, and its version: "acme-atlas 3". Not empty */

  /* Files: content, and name as spelled here; NULL-terminated; NULL: none. A relative name gives
   * the same key in every directory, an absolute name does not. */
  const char* const* inputs;
  const char* directory; /* base of relative names; NULL: the working directory */

  const deja_variable* variables; /* NULL: none */

  const void* extra; /* any bytes: options, a version, digests of other inputs */
  size_t extra_size;
} deja_action;

/* A job that was looked up. */
typedef struct deja_job deja_job;

/* Reads the inputs and looks up the stored result. deja_job_is_hit says whether there is one.
 * Errors: DEJA_INVALID, DEJA_NO_INPUT, DEJA_NO_MEMORY. Free it with deja_job_free. */
deja_status deja_probe(deja_cache* cache, const deja_action* action, deja_job** job);

/* 64 lower-case hexadecimal digits that identify the action and the content of its inputs. They are
 * never the key of a command that deja runs. Valid until deja_job_free. */
const char* deja_job_key(const deja_job* job);

/* 1: the probe found a result that deja_store has stored for this key. 0: run the job. */
int deja_job_is_hit(const deja_job* job);

/* The stored bytes, followed by a NUL that size does not count; empty without a hit. No files are
 * restored: you get the bytes that you stored. Valid until deja_job_free; size may be NULL. */
const void* deja_job_payload(const deja_job* job, size_t* size);
int deja_job_exit_code(const deja_job* job); /* 0 without a hit */

#define DEJA_PAYLOAD_MAX 0x40000000 /* bytes: 1 GiB */

/* Stores a payload under the job's key, for every process that uses the directory, until it is
 * evicted. It replaces an earlier payload. Call it after the job has run, and only when the result
 * depends on the action alone: not after a signal, a full disk or a timeout.
 *   payload  size bytes; NULL with size 0
 * Returns DEJA_OK also when the store cannot be written: it is a cache.
 * Errors: DEJA_CHANGED (an input has changed since the probe, or so shortly before it that a change
 * cannot be detected; nothing is stored), DEJA_INVALID (more than DEJA_PAYLOAD_MAX bytes),
 * DEJA_NO_MEMORY. */
deja_status deja_store(deja_job* job, int exit_code, const void* payload, size_t size);

void deja_job_free(deja_job* job); /* NULL: nothing happens */

/* --- Commands that deja runs -------------------------------------------------------------- */

typedef enum deja_streams {
  /* Standard input is empty; the output is in the result. Text that a process left behind by the
   * tool writes later is not waited for. */
  DEJA_CAPTURE = 0,
  /* A tool that runs gets your descriptors 0, 1 and 2. The streams are in the result only for a
   * hit, which does not write to the descriptors. */
  DEJA_INHERIT
} deja_streams;

typedef struct deja_command {
  /* The words after `deja exec`: options, "--", the tool, its arguments; NULL-terminated. */
  const char* const* words;
  const char* directory; /* where the tool runs; NULL: the working directory */
  /* "NAME=value", NULL-terminated; NULL: your own. The options decide what the tool gets. */
  const char* const* environment;
  deja_streams streams;
} deja_command;

/* The result of a command, except its output files. */
typedef struct deja_result deja_result;

/* Restores the tool's result without starting a process. When no stored result is valid, starts
 * `deja exec` with these words and waits for it. That is a child of your process: do not ignore
 * SIGCHLD, and do not wait for children that you did not start.
 * Errors: DEJA_INVALID, DEJA_NOT_RUN, DEJA_NO_MEMORY (the tool may have run). Free it with
 * deja_result_free. */
deja_status deja_run(deja_cache* cache, const deja_command* command, deja_result** result);

int deja_result_is_hit(const deja_result* result);    /* 1: no process was started */
int deja_result_exit_code(const deja_result* result); /* 2 when an option is wrong; see signal */
int deja_result_signal(const deja_result* result);    /* not 0: this signal ended it */
/* Standard output and standard error, followed by a NUL that size does not count. When both are the
 * same file (DEJA_INHERIT), all text is in the first. Valid until deja_result_free; size may be
 * NULL. */
const char* deja_result_out(const deja_result* result, size_t* size);
const char* deja_result_err(const deja_result* result, size_t* size);

void deja_result_free(deja_result* result); /* NULL: nothing happens */

#ifdef __cplusplus
}
#endif
