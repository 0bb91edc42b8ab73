/* deja.h: the build cache deja, from within a program. C99 and C++. Link with -ldeja.
 *
 * Two ways to use it:
 *   deja_probe, deja_store   you run the job yourself; deja keeps what it made, and gives it back
 *   deja_run                 as the command `deja exec`: deja runs a tool, or puts back what it left
 *
 * What holds for every function:
 *   - It prints nothing, ends nothing, throws nothing, and leaves alone your signal handlers, your
 *     environment, your working directory and your umask. It may change errno.
 *   - A cache that does not work is no error: a probe then finds nothing, a store keeps nothing, a
 *     run runs the tool. The errors below are about your arguments and files.
 *   - Texts are NUL-terminated bytes in no special encoding. Arguments need live only as long as
 *     the call. NULL is allowed where it says so.
 *   - What a function that returns a deja_status gives through its last argument is set only with
 *     DEJA_OK, and is yours to free with the function named there.
 *
 * Threads: any number may use one deja_cache at once. A deja_job or deja_result belongs to one
 * thread at a time. deja_open and deja_run read the environment: no other thread may change it
 * meanwhile. After fork, in the child, do not use what was opened before; it finds and keeps
 * nothing there.
 */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum deja_status {
  DEJA_OK = 0,
  DEJA_INVALID,   /* an argument makes no sense */
  DEJA_NO_INPUT,  /* an input file is not there, or cannot be read */
  DEJA_CHANGED,   /* an input file is not what it was */
  DEJA_NOT_RUN,   /* the tool could not be started: run it yourself */
  DEJA_NO_MEMORY, /* or another resource that your process has run out of */
} deja_status;

/* What went wrong in this thread's last call that did not return DEJA_OK: one line that names the
 * argument or file; "" when there was none. Valid until the next such call of this thread. */
const char* deja_error(void);

/* --- The cache ---------------------------------------------------------------------------- */

typedef struct deja_cache deja_cache;

/* Opens the cache in a directory, which is made where it is missing.
 *   directory  NULL: where DEJA_DIR, else XDG_CACHE_HOME, else HOME say, as for the command `deja`
 *   front   the program `deja`, which deja_run starts; NULL: the one installed with this library
 * The configuration is that of the command `deja` in the present working directory.
 * Errors: DEJA_INVALID (an empty text), DEJA_NO_MEMORY. To be freed with deja_close. */
deja_status deja_open(const char* directory, const char* front, deja_cache** cache);

/* Why this cache finds and keeps nothing for jobs; "" when it works. Valid until deja_close. */
const char* deja_trouble(const deja_cache* cache);

/* NULL: nothing happens. Jobs and results that are still there keep working. No other thread may
 * be in a call with this cache. */
void deja_close(deja_cache* cache);

/* --- Jobs that you run yourself ----------------------------------------------------------- */

/* A variable that a job depends on. An unset one is another thing than an empty one. */
typedef struct deja_variable {
  const char* name;  /* NULL: the end of the list */
  const char* value; /* NULL: it is unset */
} deja_variable;

/* Everything that decides what a job makes. What is missing here, and matters, makes wrong hits:
 * nothing is observed. Order of inputs and variables, and doubles, are of no matter. */
typedef struct deja_action {
  const char* name; /* what kind of job, and its version: "acme-atlas 3". Not empty */

  /* Files, by content and by name as spelled here; NULL-terminated; NULL: none. A relative name
   * makes a key that holds in any directory, an absolute one only for files of that place. */
  const char* const* inputs;
  const char* directory; /* where relative names start; NULL: the working directory */

  const deja_variable* variables; /* NULL: none */

  const void* extra; /* any bytes: options, a version, digests of what is not a file */
  size_t extra_size;
} deja_action;

/* A job that was looked up. */
typedef struct deja_job deja_job;

/* Reads the inputs and looks for what was stored. A hit or not: ask deja_job_is_hit.
 * Errors: DEJA_INVALID, DEJA_NO_INPUT, DEJA_NO_MEMORY. To be freed with deja_job_free. */
deja_status deja_probe(deja_cache* cache, const deja_action* action, deja_job** job);

/* 64 lower-case hexadecimal digits, which name the action and the content of its inputs. It is
 * never the key of a command that deja runs. Valid until deja_job_free. */
const char* deja_job_key(const deja_job* job);

/* 1: the probe found what a deja_store of this key has kept. 0: run the job. */
int deja_job_is_hit(const deja_job* job);

/* The bytes that were stored, with a NUL after them that does not count; empty without a hit. Files
 * are not put in place for you: what you pack into the bytes is what you get. Valid until
 * deja_job_free; size may be NULL. */
const void* deja_job_payload(const deja_job* job, size_t* size);
int deja_job_exit_code(const deja_job* job); /* 0 without a hit */

#define DEJA_PAYLOAD_MAX 0x40000000 /* bytes: 1 GiB */

/* Keeps a payload under the job's key, for every process that uses the directory, until it is evicted;
 * what was there before is replaced. Call it after the job has run, and only when its end says
 * nothing but what the action decides: not after a signal, a full disk, a timeout.
 *   payload  size bytes; NULL with size 0
 * DEJA_OK also where the store cannot be written: it is a cache.
 * Errors: DEJA_CHANGED (an input was changed since the probe, or so shortly before it that a change
 * could not be told; nothing is kept), DEJA_INVALID (more than DEJA_PAYLOAD_MAX bytes),
 * DEJA_NO_MEMORY. */
deja_status deja_store(deja_job* job, int exit_code, const void* payload, size_t size);

void deja_job_free(deja_job* job); /* NULL: nothing happens */

/* --- Commands that deja runs -------------------------------------------------------------- */

typedef enum deja_streams {
  /* Standard input is empty; what comes out is in the result. What a process that the tool has
   * left behind still writes is not waited for. */
  DEJA_CAPTURE = 0,
  /* A tool that runs has your descriptors 0, 1 and 2, and only of a hit, which is not written to
   * them, are the streams in the result. */
  DEJA_INHERIT
} deja_streams;

typedef struct deja_command {
  /* What follows `deja exec`: options, "--", the tool, its arguments; NULL-terminated. */
  const char* const* words;
  const char* directory; /* where the tool runs; NULL: the working directory */
  /* "NAME=value", NULL-terminated; NULL: your own. What of it the tool is given, the options say. */
  const char* const* environment;
  deja_streams streams;
} deja_command;

/* What a command has left, beside its output files. */
typedef struct deja_result deja_result;

/* Puts what the tool would leave in place, without starting any process; where nothing is stored
 * that holds, starts `deja exec` with these words and waits for its end. That is a child of yours:
 * do not ignore SIGCHLD, and do not wait for children that you did not start.
 * Errors: DEJA_INVALID, DEJA_NOT_RUN, DEJA_NO_MEMORY (the tool may have run). To be freed with
 * deja_result_free. */
deja_status deja_run(deja_cache* cache, const deja_command* command, deja_result** result);

int deja_result_is_hit(const deja_result* result);    /* 1: no process was started */
int deja_result_exit_code(const deja_result* result); /* 2 where an option is wrong; see signal */
int deja_result_signal(const deja_result* result);    /* not 0: it was ended by this signal */
/* Standard output and standard error, with a NUL after them that does not count; all is in the first
 * where both are one with DEJA_INHERIT. Valid until deja_result_free; size may be NULL. */
const char* deja_result_out(const deja_result* result, size_t* size);
const char* deja_result_err(const deja_result* result, size_t* size);

void deja_result_free(deja_result* result); /* NULL: nothing happens */

#ifdef __cplusplus
}
#endif
