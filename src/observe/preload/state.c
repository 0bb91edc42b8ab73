// SPDX-License-Identifier: Apache-2.0
/* Start and end of a process under observation. */
#include <link.h>
#include <sys/resource.h>

#include "known_programs.h"
#include "observe.h"

struct deja_state deja_state;

bool deja_first_time(uint32_t bit) {
  if (deja_is_vfork_child()) return true;
  if (__atomic_load_n(&deja_state.once, __ATOMIC_RELAXED) & bit) return false;
  return !(__atomic_fetch_or(&deja_state.once, bit, __ATOMIC_RELAXED) & bit);
}

static void tell_again(void) {
  const uint32_t forever = DEJA_ONCE_ZONE;
  if (!deja_is_vfork_child() && __atomic_load_n(&deja_state.once, __ATOMIC_RELAXED) & ~forever)
    __atomic_fetch_and(&deja_state.once, forever, __ATOMIC_RELAXED);
}

void deja_ask_again(void) {
  if (deja_state.unknown) tell_again();
}
void deja_library_asks(void) { tell_again(); }

void deja_note_module_stamp(const char *path, bool is_there) {
  static const char name[] = "/modules.timestamp";
  uint32_t unseen = DEJA_STAMP_UNSEEN;
  if (__atomic_load_n(&deja_state.module_stamp, __ATOMIC_RELAXED) != unseen || path == NULL ||
      deja_is_vfork_child())
    return;
  const size_t size = strlen(path);
  if (size < sizeof name || memcmp(path + size - (sizeof name - 1), name, sizeof name) != 0) return;
  __atomic_compare_exchange_n(&deja_state.module_stamp, &unseen,
                              is_there ? DEJA_STAMP_SEEN : DEJA_STAMP_DONE, false, __ATOMIC_RELAXED,
                              __ATOMIC_RELAXED);
}

bool deja_take_module_stamp(void) {
  uint32_t seen = DEJA_STAMP_SEEN;
  if (__atomic_load_n(&deja_state.module_stamp, __ATOMIC_RELAXED) != seen || deja_is_vfork_child())
    return false;
  return __atomic_compare_exchange_n(&deja_state.module_stamp, &seen, DEJA_STAMP_DONE, false,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* --- what is loaded ------------------------------------------------------------------------------- */

/* A Go program makes its own system calls: it reports in, and its reads are not recorded. Its ELF notes
 * identify it (owner "Go", the build id). */
static bool is_go(const struct dl_phdr_info *info) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) *h = &info->dlpi_phdr[i];
    if (h->p_type != PT_NOTE || h->p_memsz < 16) continue;
    const char *const notes = (const char *)(info->dlpi_addr + h->p_vaddr);
    /* Sizes of name and text, the kind, then both, each padded to four bytes (gABI, "Note Section"). */
    for (size_t at = 0; at + 16 <= h->p_memsz;) {
      const uint32_t *const note = (const uint32_t *)(notes + at);
      if (note[0] == 4 && note[2] == 4 && memcmp(note + 3, "Go\0", 4) == 0) return true;
      at += 12 + (((size_t)note[0] + 3) & ~(size_t)3) + (((size_t)note[1] + 3) & ~(size_t)3);
    }
  }
  return false;
}

static bool is_ours(const struct dl_phdr_info *info) {
  const uintptr_t here = (uintptr_t)&deja_state;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) *h = &info->dlpi_phdr[i];
    const uintptr_t from = info->dlpi_addr + h->p_vaddr;
    if (h->p_type == PT_LOAD && here >= from && here - from < h->p_memsz) return true;
  }
  return false;
}

struct first_look {
  int objects;
  bool go;
};

static int look_at_start(struct dl_phdr_info *info, size_t size, void *context) {
  struct first_look *look = context;
  (void)size;
  if (look->objects++ == 0) look->go = is_go(info); /* the program itself comes first */
  deja_next_module(info);
  if (deja_state.preload_size == 0 && is_ours(info)) {
    const size_t length = strlen(info->dlpi_name);
    deja_state.own_base = info->dlpi_addr;
    if (length < sizeof deja_state.preload) {
      memcpy(deja_state.preload, info->dlpi_name, length + 1);
      deja_state.preload_size = length;
    }
  }
  return 0;
}

/* --- start ---------------------------------------------------------------------------------------- */

/* The mapping counts against a limit on the address space, so it takes only a small part of that. */
static uint64_t mappable(uint64_t capacity) {
  struct rlimit limit;
  const uint64_t small = 8u << 20;
  if (raw4(SYS_prlimit64, 0, RLIMIT_AS, NULL, &limit) != 0) return capacity;
  return limit.rlim_cur == RLIM_INFINITY || capacity < small ? capacity : small;
}

/* The part after a comma is for other clients (os/call_chain.h). */
static bool log_path(const char *variable, char *path, size_t size) {
  if (deja_state.log_variable_size == 0 || deja_state.routing) return false;
  const char *from = variable + sizeof DEJA_LOG_VARIABLE;
  size_t length = 0;
  while (from[length] != '\0' && from[length] != ',') ++length;
  if (length >= size) return false;
  memcpy(path, from, length);
  path[length] = '\0';
  return true;
}

static void open_log(void) {
  char path[64];
  struct deja_log_header header;
  if (!log_path(deja_state.log_variable, path, sizeof path)) return;
  const long fd = raw4(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) return;
  if (raw4(SYS_pread64, fd, &header, sizeof header, 0) == (long)sizeof header &&
      header.magic == DEJA_LOG_MAGIC && header.version == DEJA_LOG_VERSION &&
      header.capacity > DEJA_LOG_HEADER_BYTES) {
    const uint64_t size = mappable(header.capacity);
    const long at = raw6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at > 0 || at < -4095) {
      deja_state.capacity = size;
      deja_state.log = (char *)at;
    }
  }
  raw1(SYS_close, fd);
}

static void report_in(uint16_t flags) {
  char exe[4096], cwd[4096];
  struct deja_log_identity identity;
  const size_t cwd_size = deja_directory_of(AT_FDCWD, cwd, sizeof cwd);
  const long got = raw4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", exe, sizeof exe - 1);
  if (got <= 0) return deja_lose(DEJA_LOST_PATH);
  exe[got] = '\0';
  const bool found = !(flags & DEJA_PROCESS_FORKED) &&
                     deja_identity_at(AT_FDCWD, "/proc/self/exe", 0, &identity) == 0;
  deja_write(&NOTE(.op = DEJA_OP_PROCESS, .flags = flags, .path = exe, .text2 = cwd,
                   .text2_size = cwd_size, .value = (uint32_t)raw0(SYS_getppid),
                   .identity = found ? &identity : NULL));
  if ((flags & DEJA_PROCESS_FORKED) || deja_reads_single_variables(exe)) return;
  deja_state.unknown = 1;
  const char *arguments = NULL;
  const size_t size = deja_is_shell(exe) ? deja_arguments(&arguments) : 0;
  deja_write(&NOTE(.op = DEJA_OP_ENVIRON, .text2 = arguments, .text2_size = size));
}

COLD void deja_start(void) {
  const int saved = errno;
  const int tid = (int)raw0(SYS_gettid);
  int stage = 0;
  if (!__atomic_compare_exchange_n(&deja_state.stage, &stage, 1, false, __ATOMIC_ACQUIRE,
                                   __ATOMIC_ACQUIRE)) {
    /* Another thread is starting: wait. A signal handler of the starting thread itself continues
     * without a record; it can exist before main only if a constructor installed it. */
    while (__atomic_load_n(&deja_state.stage, __ATOMIC_ACQUIRE) == 1 &&
           __atomic_load_n(&deja_state.starter_tid, __ATOMIC_RELAXED) != tid)
      raw0(SYS_sched_yield);
    return;
  }
  __atomic_store_n(&deja_state.starter_tid, tid, __ATOMIC_RELAXED);
  struct first_look look = {0};
  deja_state.home_pid = (int)raw0(SYS_getpid);
  dl_iterate_phdr(look_at_start, &look);
  deja_strip_environment();
  open_log();
  __atomic_store_n(&deja_state.stage, 2, __ATOMIC_RELEASE);
  if (deja_state.log) {
    report_in(0);
    if (look.go) deja_lose(DEJA_LOST_GO);
    if (!deja_next_is_glibc()) deja_lose(DEJA_LOST_LIBC);
    deja_note_loader();
  }
  errno = saved;
}

void deja_forked(void) {
  deja_popen_forked();
  deja_system_forked();
  if (!deja_recording()) return;
  const int saved = errno;
  deja_state.home_pid = (int)raw0(SYS_getpid);
  deja_state.forked = 1;
  deja_state.writers = 0; /* other threads' records are not this process's */
  deja_state.once = 0;
  report_in(DEJA_PROCESS_FORKED);
  errno = saved;
}

__attribute__((constructor(101))) static void begin(void) { deja_started(); }

/* Records the libraries that libc itself (gconv, nss) or the program's plugins loaded. */
__attribute__((destructor(101))) static void end(void) {
  if (!deja_state.forked) deja_look_at_libraries();
  deja_look_at_stdin();
}
