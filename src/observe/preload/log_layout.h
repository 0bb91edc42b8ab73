// SPDX-License-Identifier: Apache-2.0
/* The trace log: the operations of an observed process tree, one record per call, in memory shared by all
 * of its processes. Written by the interposer (C, without any other header of deja) or by the supervisor
 * (observe/supervise), read by observe/log_reader. This header is the whole contract.
 *
 * Layout: a header of DEJA_LOG_HEADER_BYTES, then records, each aligned to 8 bytes:
 *
 *   deja_log_record | deja_log_identity if DEJA_FLAG_IDENTITY | text | text2 | padding to 8
 *
 * A writer reserves room with one fetch_add on `tail`, fills the record, then stores `size` with release
 * order. A record whose size is still 0 after the run is torn (its process was killed) and makes the run
 * unpublishable. The file is sparse and gets its size once (ftruncate) from the client. A record that does
 * not fit sets `lost`, and so does any operation that cannot be expressed as a record. A run with
 * lost != 0 is never published.
 *
 * Paths are raw bytes as the tool gave them; a relative one is relative to the process's working directory
 * at that moment (the reader follows DEJA_OP_PROCESS and DEJA_OP_CHDIR per pid). A path relative to
 * something else (a directory descriptor, the parent of a vfork child) is written as an absolute one.
 *
 * Most of the cost of a record is the first touch of a shared page (2 us here), so records are kept small: a
 * failure has no identity block.
 */
#pragma once

#include <stdint.h>

#define DEJA_LOG_MAGIC 0x4a4544u /* "DEJ" */
#define DEJA_LOG_VERSION 6u
#define DEJA_LOG_HEADER_BYTES 4096u

/* The variable with the path of the log ("/proc/PID/fd/N" of the client's memfd), which a process under
 * observation opens for reading and writing. */
#define DEJA_LOG_VARIABLE "DEJA_OBSERVE_LOG"

struct deja_log_header {
  uint32_t magic;
  uint32_t version;
  uint64_t capacity; /* bytes of the whole file */
  uint64_t tail;     /* atomic: offset of the next record; may run past capacity */
  uint32_t lost;     /* atomic: enum deja_lost bits; non-zero: something was not recorded */
  uint32_t reserved;
  uint64_t
      client_device; /* deja's own static client: if a tool execs it, it execs the real tool under */
  uint64_t client_inode; /* the same observation, so it need not report in */
  uint64_t stdin_device; /* the run's standard input; HOST "stdin": it was read */
  uint64_t stdin_inode;
};

/* The reason why `lost` is set, for `deja why` and for tests; every reason has the same effect. */
enum deja_lost {
  DEJA_LOST_FULL = 0x1,      /* a record did not fit */
  DEJA_LOST_PATH = 0x2,      /* a directory's name could not be determined */
  DEJA_LOST_GO = 0x4,        /* a Go program: its system calls do not pass through libc */
  DEJA_LOST_NAMESPACE = 0x8, /* dlmopen, RTLD_DEEPBIND, a sanitizer's options: code that calls past
                                the interposer; $LIB: a directory that only the loader can name */
  DEJA_LOST_KERNEL = 0x10,   /* io_uring, mount, chroot, setns …: names mean something else now */
  DEJA_LOST_SHELL = 0x20,    /* libc started a shell by itself (wordexp) */
  DEJA_LOST_UNKNOWN = 0x40,  /* a system call newer than this library */
  DEJA_LOST_LIBC = 0x80,     /* a process with another libc than glibc (musl) */
  DEJA_LOST_SANDBOX =
      0x100, /* a process confined itself (seccomp), after which nothing is recorded in it */
  DEJA_LOST_MEMORY = 0x200 /* a process locks all of its memory, in which the log must not be */
};

/* All operations, stated once: X(number, NAME, "name", texts). The reader, the names that tools print and the
 * table of handlers (evidence/trace_builder.cc) are complete at compile time because of this list.
 * texts: what the two texts of the record are (enum deja_texts). What each record means:
 *
 * PROCESS      A process reports in. text = its executable, text2 = its cwd, value = parent pid.
 *              DEJA_PROCESS_FORKED: a fork of a process that had reported in, not a new program.
 * LIBRARY      A loaded library. text = path from the link map (start, dlclose, exec, exit). With an error:
 *              the loader searched there before, for a library or for the directory (ENOTDIR and an
 *              identity: something that is not a directory has that name). A name without '/': dlopen
 *              was called with it; the library it found, if any, is another record. (A path given to
 *              dlopen is a STAT record.)
 * EXEC         This pid is about to exec. text = file, with its identity. EXEC_FAILED may follow.
 * EXEC_FAILED  text = file, error = errno. Also the candidates of a search in PATH.
 * SPAWN        posix_spawn returned. text = file, value = child pid, or error. value 0: popen, whose child
 *              is known only by its parent.
 * OPEN         text = path, flags = DEJA_OPEN_*, identity by fstat on success.
 * STAT         stat and access. text = path; identity on success.
 * READLINK     text = path, text2 = link text.
 * REALPATH     text = path, text2 = result.
 * LIST         A directory was opened for reading its entries. text = path.
 * CHDIR        text = new working directory, absolute.
 * GETENV       text = name, text2 = value. DEJA_FLAG_UNSET: there was none.
 * ENVIRON      The whole environment was read (a shell, `environ`). For a shell text2 = its arguments, each
 *              with its NUL, if they are known and not too many.
 * CLOCK        value = enum deja_clock. This and HOST are recorded once per process (time() twice, so that
 *              a single question can be recognised); for a program of no table again after each file
 *              that it has opened for reading.
 * RANDOM       getrandom, getentropy.
 * HOST         text = "hostname", "uname", "cpus" ... (the list is in ambient.c).
 * UNLINK       text = path. Also rmdir and remove.
 * RENAME       text = from, text2 = to, both absolute.
 * LINK         text = existing, text2 = new, both absolute.
 * SYMLINK      text = the new link's path, text2 = link text.
 * MKDIR        text = path.
 * CHANGE       Mode, owner, times, size or attributes of text were changed without opening it; or a fifo,
 *              socket or device was made at text.
 * CONNECT      The process communicated with the network or another process. text = with which.
 * CLOSE        A regular file that this process had opened for writing is about to be closed, after all
 *              writes: its identity; value = its generation (FS_IOC_GETVERSION), 0 if unknown. No text. A
 *              duplicated descriptor has no such record.
 * LOCK         text = a file that was locked exclusively (flock, fcntl).
 * DAY          localtime() was called with the last result of time(). when_ns = the second at which the
 *              local day began, value = seconds (int32_t) that the zone is ahead of UTC all of that day. Not
 *              written for days on which that changes. No text. */
/* clang-format off */
#define DEJA_OPS(X)                                \
  X(1, PROCESS, "process", DEJA_TEXT_PATH)         \
  X(2, LIBRARY, "library", DEJA_TEXT_PATH)         \
  X(3, EXEC, "exec", DEJA_TEXT_PATH)               \
  X(4, EXEC_FAILED, "exec-failed", DEJA_TEXT_PATH) \
  X(5, SPAWN, "spawn", DEJA_TEXT_PATH)             \
  X(6, OPEN, "open", DEJA_TEXT_PATH)               \
  X(7, STAT, "stat", DEJA_TEXT_PATH)               \
  X(8, READLINK, "readlink", DEJA_TEXT_PATH)       \
  X(9, REALPATH, "realpath", DEJA_TEXT_PATH)       \
  X(10, LIST, "list", DEJA_TEXT_PATH)              \
  X(11, CHDIR, "chdir", DEJA_TEXT_PATH)            \
  X(12, GETENV, "getenv", DEJA_TEXT_NAME)          \
  X(13, ENVIRON, "environ", DEJA_TEXT_NAME)        \
  X(14, CLOCK, "clock", DEJA_TEXT_NAME)            \
  X(15, RANDOM, "random", DEJA_TEXT_NAME)          \
  X(16, HOST, "host", DEJA_TEXT_NAME)              \
  X(17, UNLINK, "unlink", DEJA_TEXT_PATH)          \
  X(18, RENAME, "rename", DEJA_TEXT_TWO_PATHS)     \
  X(19, LINK, "link", DEJA_TEXT_TWO_PATHS)         \
  X(20, SYMLINK, "symlink", DEJA_TEXT_PATH)        \
  X(21, MKDIR, "mkdir", DEJA_TEXT_PATH)            \
  X(22, CHANGE, "change", DEJA_TEXT_PATH)          \
  X(23, CONNECT, "connect", DEJA_TEXT_NAME)        \
  X(24, CLOSE, "close", DEJA_TEXT_NAME)            \
  X(25, LOCK, "lock", DEJA_TEXT_PATH)              \
  X(26, DAY, "day", DEJA_TEXT_NAME)
/* clang-format on */

enum deja_texts {
  DEJA_TEXT_NONE,     /* not an operation */
  DEJA_TEXT_NAME,     /* a name that is not a path, or no text */
  DEJA_TEXT_PATH,     /* text is a path */
  DEJA_TEXT_TWO_PATHS /* text and text2 are paths */
};

/* NOLINTBEGIN(bugprone-branch-clone): a case for each operation */
#define DEJA_OP_ENUMERATOR(number, op, name, texts) DEJA_OP_##op = number,
enum deja_op { DEJA_OPS(DEJA_OP_ENUMERATOR) };
#undef DEJA_OP_ENUMERATOR

static inline enum deja_texts deja_texts_of(unsigned op) {
#define DEJA_OP_CASE(number, op, name, texts) \
  case number: return texts;
  switch (op) {
    DEJA_OPS(DEJA_OP_CASE)
    default: return DEJA_TEXT_NONE;
  }
#undef DEJA_OP_CASE
}

static inline const char *deja_op_name(unsigned op) {
#define DEJA_OP_CASE(number, op, name, texts) \
  case number: return name;
  switch (op) {
    DEJA_OPS(DEJA_OP_CASE)
    default: return "?";
  }
#undef DEJA_OP_CASE
}

/* NOLINTEND(bugprone-branch-clone) */

enum deja_clock { DEJA_CLOCK_TIME = 1, DEJA_CLOCK_REALTIME, DEJA_CLOCK_MONOTONIC };

/* flags of DEJA_OP_OPEN (TEMPORARY also of DEJA_OP_MKDIR) */
#define DEJA_OPEN_READ 0x1u
#define DEJA_OPEN_WRITE 0x2u
#define DEJA_OPEN_CREATE 0x4u
#define DEJA_OPEN_EXCLUSIVE 0x8u
#define DEJA_OPEN_TRUNCATE 0x10u
#define DEJA_OPEN_APPEND 0x20u
#define DEJA_OPEN_EXISTED 0x40u   /* with CREATE: the name was there before (best effort: lstat) */
#define DEJA_OPEN_TEMPORARY 0x80u /* mkstemp, tmpfile, O_TMPFILE: a random name */
#define DEJA_OPEN_EMPTY 0x100u    /* with EXISTED: it was an empty file */
/* flags of DEJA_OP_PROCESS */
#define DEJA_PROCESS_FORKED 0x1u
/* flags of DEJA_OP_ENVIRON */
#define DEJA_ENVIRON_UNSEEN \
  0x1u /* of a program known to read single variables, which are not recorded */
#define DEJA_ENVIRON_SUPERVISED 0x2u /* reads of single variables are not recorded */
/* flags of DEJA_OP_CLOCK */
#define DEJA_CLOCK_UNTOLD 0x1u /* by any function of libc, possibly time() */
/* The first question after the process has found a file "modules.timestamp" for the first time: clang
 * computes the age of its cache of modules. A second question has another record. */
#define DEJA_CLOCK_OF_MODULES 0x2u
/* flags of DEJA_OP_RENAME */
#define DEJA_RENAME_EXCHANGE 0x1u
#define DEJA_RENAME_NOREPLACE 0x2u
/* flags of any record */
#define DEJA_FLAG_ONLY_ONCE 0x2000u /* CLOCK, HOST: not recorded again after opening files */
#define DEJA_FLAG_UNSET 0x1000u
#define DEJA_FLAG_NOFOLLOW 0x4000u /* lstat, O_NOFOLLOW, AT_SYMLINK_NOFOLLOW */
#define DEJA_FLAG_IDENTITY 0x8000u /* an identity block follows the record */

struct deja_log_record {
  uint32_t size; /* atomic: of the whole record, a multiple of 8; 0 until it is complete */
  uint16_t op;
  uint16_t flags;
  int32_t pid;
  int32_t error; /* errno, 0 when the call succeeded */
  uint32_t value;
  uint32_t reserved;
  int64_t when_ns; /* CLOCK_REALTIME_COARSE before the call */
  uint32_t text_size, text2_size;
  /* then the identity, text, text2 (no terminators), padding */
};

/* struct stat of the file that was opened or examined */
struct deja_log_identity {
  uint64_t device, inode, file_size;
  int64_t mtime_ns, ctime_ns;
  uint32_t mode, links;
};
