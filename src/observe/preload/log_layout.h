/* The trace log: what an observed process tree did, one record a call, in memory shared by all of
 * its processes. Written by the interposer (C, no dependency on anything of ours) or by the
 * supervisor (observe/supervise), read by observe/log_reader. This header is the whole contract.
 *
 * Layout: a header of DEJA_LOG_HEADER_BYTES, then records, each aligned to 8 bytes:
 *
 *   deja_log_record | deja_log_identity when DEJA_FLAG_IDENTITY | text | text2 | padding to 8
 *
 * A writer reserves room with one fetch_add on `tail`, fills the record, then stores `size` with
 * release order: a record whose size is still 0 when the run has ended was torn (its process was
 * killed) and makes the run unpublishable. The file is sparse and sized once (ftruncate) by the
 * client; a record that does not fit sets `lost`, and so does anything a process did that could
 * not be put into a record. A run with lost != 0 is never published.
 *
 * Paths are raw bytes as the tool gave them; a relative one is relative to the process's working
 * directory at that moment (the reader follows DEJA_OP_PROCESS and DEJA_OP_CHDIR per pid). What
 * is relative to something else (a directory descriptor, the parent of a vfork child) is written
 * with that directory in front of it.
 *
 * First touches of shared pages are what a record costs most (2 us a page here), so records are
 * kept small: a failure has no identity block.
 */
#pragma once

#include <stdint.h>

#define DEJA_LOG_MAGIC 0x4a4544u /* "DEJ" */
#define DEJA_LOG_VERSION 6u
#define DEJA_LOG_HEADER_BYTES 4096u

/* Where the log is, for a process that starts under observation: a path that can be opened for
 * reading and writing ("/proc/PID/fd/N" of the client's memfd). */
#define DEJA_LOG_VARIABLE "DEJA_OBSERVE_LOG"

struct deja_log_header {
  uint32_t magic;
  uint32_t version;
  uint64_t capacity; /* bytes of the whole file */
  uint64_t tail;     /* atomic: offset of the next record; may run past capacity */
  uint32_t lost;     /* atomic: enum deja_lost bits; non-zero: something was not recorded */
  uint32_t reserved;
  uint64_t front_device; /* deja's own static front: when a tool execs it, it execs the real tool */
  uint64_t front_inode;  /* under the same observation, so its not reporting in is no loss */
  uint64_t stdin_device; /* the run's standard input; HOST "stdin": it was read */
  uint64_t stdin_inode;
};

/* Why `lost` is set; for `deja why` and for tests, the reader treats all alike. */
enum deja_lost {
  DEJA_LOST_FULL = 0x1,      /* a record did not fit */
  DEJA_LOST_PATH = 0x2,      /* a directory's name could not be found out */
  DEJA_LOST_GO = 0x4,        /* a Go program: its system calls do not pass through libc */
  DEJA_LOST_NAMESPACE = 0x8, /* dlmopen, RTLD_DEEPBIND, a sanitizer's options: code that calls past
                                the interposer; $LIB: a folder that only the loader can name */
  DEJA_LOST_KERNEL = 0x10,   /* io_uring, mount, chroot, setns …: names mean something else now */
  DEJA_LOST_SHELL = 0x20,    /* libc started a process of its own (wordexp) */
  DEJA_LOST_UNKNOWN = 0x40,  /* a system call newer than this library */
  DEJA_LOST_LIBC = 0x80,     /* a process with another libc than glibc (musl) */
  DEJA_LOST_SANDBOX = 0x100, /* a process that locked itself in, after which it is left alone */
  DEJA_LOST_MEMORY = 0x200   /* a process that keeps all of its memory, where the log may not be */
};

enum deja_op {
  DEJA_OP_PROCESS =
      1, /* a process reports in: text = its executable, text2 = its cwd, value = parent pid;
                          DEJA_PROCESS_FORKED: a fork of one that had reported in, not a new program */
  DEJA_OP_LIBRARY, /* a loaded library: text = path from the link map (start, dlclose, exec, exit);
                          with an error: the loader looked there for one, or for the folder, before
                          (ENOTDIR and an identity: that is what lies there, and it is no folder).
                          A name without '/': dlopen was asked to search for it; what it found, if
                          anything, is another record. (A path given to dlopen is a STAT record.) */
  DEJA_OP_EXEC, /* about to exec in this pid: text = file, its identity. EXEC_FAILED may follow */
  DEJA_OP_EXEC_FAILED, /* text = file, error = errno; also the candidates of a search in PATH */
  DEJA_OP_SPAWN,       /* posix_spawn returned: text = file, value = child pid, or error.
                          value 0: popen, whose child is only known by its parent */
  DEJA_OP_OPEN,        /* text = path, flags = DEJA_OPEN_*, identity by fstat when it succeeded */
  DEJA_OP_STAT,        /* stat/access family: text = path; identity when it succeeded */
  DEJA_OP_READLINK,    /* text = path, text2 = link text */
  DEJA_OP_REALPATH,    /* text = path, text2 = result */
  DEJA_OP_LIST,        /* a directory was opened for reading its entries: text = path */
  DEJA_OP_CHDIR,       /* text = new working directory, absolute */
  DEJA_OP_GETENV,      /* text = name, text2 = value; DEJA_FLAG_UNSET when there was none */
  DEJA_OP_ENVIRON, /* the whole environment was read (a shell, `environ`). Of a shell text2 = its
                          arguments, each with its NUL, if they are known and not too many */
  DEJA_OP_CLOCK, /* value = enum deja_clock. This and HOST are told once a process (time() twice, so
                          that who asked once can be told apart); of a program of no table again after
                          each file that it has opened for reading */
  DEJA_OP_RANDOM,  /* getrandom, getentropy */
  DEJA_OP_HOST,    /* text = "hostname", "uname", "cpus" … (the table is in ambient.c) */
  DEJA_OP_UNLINK,  /* text = path (also rmdir, remove) */
  DEJA_OP_RENAME,  /* text = from, text2 = to (both absolute) */
  DEJA_OP_LINK,    /* text = existing, text2 = new (both absolute) */
  DEJA_OP_SYMLINK, /* text = the new link's path, text2 = link text */
  DEJA_OP_MKDIR,   /* text = path */
  DEJA_OP_CHANGE,  /* mode, owner, times, size or attributes of text changed without opening it;
                          also a fifo, socket or device made at text */
  DEJA_OP_CONNECT, /* the network or another process was talked to: text = what */
  DEJA_OP_CLOSE,   /* a regular file that this process had opened for writing is about to be closed,
                          all of it written: its identity; value = its generation (FS_IOC_GETVERSION),
                          0 when not known. No text. A descriptor that was duplicated has no such record. */
  DEJA_OP_LOCK,    /* text = a file that was locked for this process alone (flock, fcntl) */
  DEJA_OP_DAY, /* localtime was asked for the time that time() had just told: when_ns = the second
                          at which the local day began, value = seconds (int32_t) that the zone is ahead
                          of UTC, all of that day. Not written of days on which that changes. No text. */
  DEJA_OP_LAST = DEJA_OP_DAY
};

enum deja_clock { DEJA_CLOCK_TIME = 1, DEJA_CLOCK_REALTIME, DEJA_CLOCK_MONOTONIC };

/* flags of DEJA_OP_OPEN (TEMPORARY also of DEJA_OP_MKDIR) */
#define DEJA_OPEN_READ 0x1u
#define DEJA_OPEN_WRITE 0x2u
#define DEJA_OPEN_CREATE 0x4u
#define DEJA_OPEN_EXCLUSIVE 0x8u
#define DEJA_OPEN_TRUNCATE 0x10u
#define DEJA_OPEN_APPEND 0x20u
#define DEJA_OPEN_EXISTED 0x40u   /* with CREATE: the name was there before (best effort: lstat) */
#define DEJA_OPEN_TEMPORARY 0x80u /* mkstemp, tmpfile, O_TMPFILE: a name the tool made up */
#define DEJA_OPEN_EMPTY 0x100u    /* with EXISTED: it was a file without content */
/* flags of DEJA_OP_PROCESS */
#define DEJA_PROCESS_FORKED 0x1u
/* flags of DEJA_OP_ENVIRON */
#define DEJA_ENVIRON_UNSEEN 0x1u     /* of a program known to read single variables, unseen */
#define DEJA_ENVIRON_SUPERVISED 0x2u /* what is asked for by name is not in the log either */
/* flags of DEJA_OP_CLOCK */
#define DEJA_CLOCK_UNTOLD 0x1u /* any function of libc may have asked, time() too */
/* The first question after the process has looked at a file "modules.timestamp" for the first time, and
 * found it: clang asks how old its cache of modules is. A second question is told apart from it. */
#define DEJA_CLOCK_OF_MODULES 0x2u
/* flags of DEJA_OP_RENAME */
#define DEJA_RENAME_EXCHANGE 0x1u
/* flags of any record */
#define DEJA_FLAG_ONLY_ONCE 0x2000u /* CLOCK, HOST: not told again, whatever is opened since */
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

/* struct stat of what was opened or looked at */
struct deja_log_identity {
  uint64_t device, inode, file_size;
  int64_t mtime_ns, ctime_ns;
  uint32_t mode, links;
};
