// SPDX-License-Identifier: Apache-2.0
/* Writes records: reserves room with one fetch_add, fills it, publishes the size. Lock-free, so a signal
 * handler or a vfork child may interrupt any line of this file and write its own records. */
#include "observe.h"

#include <limits.h>
#include <time.h>

int64_t deja_now(void) {
  struct timespec now;
  /* The kernel stamps files with this clock; CLOCK_REALTIME would be ahead of it. */
  if (NEXT(clock_gettime)(CLOCK_REALTIME_COARSE, &now) != 0) return 0;
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void deja_lose(enum deja_lost why) {
  if (!deja_recording()) return;
  struct deja_log_header *header = (struct deja_log_header *)deja_state.log;
  __atomic_fetch_or(&header->lost, (uint32_t)why, __ATOMIC_RELAXED);
}

void deja_identity_of(const struct stat *st, struct deja_log_identity *out) {
  out->device = st->st_dev;
  out->inode = st->st_ino;
  out->file_size = (uint64_t)st->st_size;
  out->mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
  out->ctime_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
  out->mode = st->st_mode;
  out->links = (uint32_t)st->st_nlink;
}

int deja_identity_at(int at, const char *path, int flags, struct deja_log_identity *out) {
  struct stat st; /* the kernel's layout and libc's are the same on 64-bit machines */
  const long result = raw4(SYS_newfstatat, at, path, &st, flags);
  if (result != 0) return (int)-result;
  deja_identity_of(&st, out);
  return 0;
}

bool deja_identity_fd(int fd, struct deja_log_identity *out) {
  struct stat st;
  if (raw2(SYS_fstat, fd, &st) != 0) return false;
  deja_identity_of(&st, out);
  return true;
}

void deja_name_fd(int fd, char out[DEJA_FD_NAME_SIZE]) {
  static const char directory[] = "/proc/self/fd/";
  char digits[12];
  unsigned value = (unsigned)fd, n = 0, at = sizeof directory - 1;
  memcpy(out, directory, at);
  do digits[n++] = (char)('0' + value % 10);
  while ((value /= 10) != 0);
  while (n != 0) out[at++] = digits[--n];
  out[at] = '\0';
}

size_t deja_path_of(int fd, char *out, size_t size) {
  char name[DEJA_FD_NAME_SIZE];
  if (fd < 0) return 0;
  deja_name_fd(fd, name);
  long got = raw4(SYS_readlinkat, AT_FDCWD, name, out, size);
  if (got <= 0 || (size_t)got >= size || out[0] != '/') return 0;
  return (size_t)got;
}

size_t deja_directory_of(int at, char *out, size_t size) {
  if (at != AT_FDCWD) return deja_path_of(at, out, size);
  long got = raw2(SYS_getcwd, out, size);  /* counts the terminator */
  if (got <= 1 || out[0] != '/') return 0; /* "(unreachable)" */
  return (size_t)got - 1;
}

/* --- dropping repetitions -------------------------------------------------------------------- */

/* Hashes of the latest records that may be dropped when repeated. Direct mapped and small: a short-lived
 * process touches one page of it. Losing an entry is harmless; 64 bits make a false match unlikely. */
#define SEEN_SLOTS 512
static uint64_t seen[SEEN_SLOTS];

static inline uint64_t mix(uint64_t h, uint64_t v) {
  __uint128_t product = (__uint128_t)(h ^ v) * 0x9fb21c651e98df25ULL;
  return (uint64_t)product ^ (uint64_t)(product >> 64) ^ (h << 1);
}

static uint64_t mix_bytes(uint64_t h, const char *bytes, size_t size) {
  uint64_t word = 0;
  h = mix(h, size + 0x8ebc6af09c88c6e3ULL);
  for (; size >= 8; bytes += 8, size -= 8) {
    memcpy(&word, bytes, 8);
    h = mix(h, word);
  }
  word = 0;
  for (size_t i = 0; i < size; ++i) word = word << 8 | (unsigned char)bytes[i];
  return mix(h, word);
}

struct text {
  const char *prefix; /* joined to the text with a slash */
  size_t prefix_size;
  const char *path;
  size_t path_size;
};

static bool repeated(const struct deja_note *note, int pid, const struct text *one,
                     const struct text *two) {
  uint64_t h = mix(0x589965cc75374cc3ULL, (uint64_t)note->op | (uint64_t)note->flags << 16 |
                                              (uint64_t)(uint32_t)note->error << 32);
  h = mix(h, (uint64_t)(uint32_t)pid << 32 | deja_state.cwd_generation);
  h = mix_bytes(h, one->prefix, one->prefix_size);
  h = mix_bytes(h, one->path, one->path_size);
  h = mix_bytes(h, two->path, two->path_size);
  if (note->identity) {
    const struct deja_log_identity *id = note->identity;
    h = mix(mix(mix(h, id->device), id->inode), id->file_size);
    h = mix(mix(mix(h, (uint64_t)id->mtime_ns), (uint64_t)id->ctime_ns), id->mode);
  }
  uint64_t *slot = &seen[h >> 55];
  if (__atomic_load_n(slot, __ATOMIC_RELAXED) == h) return true;
  __atomic_store_n(slot, h, __ATOMIC_RELAXED);
  return false;
}

/* --- one record --------------------------------------------------------------------------------- */

static size_t text_size(const struct text *t) {
  return t->path_size + t->prefix_size + (t->prefix_size > 1); /* "/" has its own slash */
}

static char *put_text(char *out, const struct text *t) {
  if (t->prefix_size) {
    memcpy(out, t->prefix, t->prefix_size);
    out += t->prefix_size;
    if (t->prefix_size > 1) *out++ = '/';
  }
  if (t->path_size) memcpy(out, t->path, t->path_size);
  return out + t->path_size;
}

static void put_record(const struct deja_note *note, int pid, const struct text *one,
                       const struct text *two) {
  struct deja_log_header *header = (struct deja_log_header *)deja_state.log;
  const size_t first = text_size(one), second = text_size(two);
  const size_t fixed =
      sizeof(struct deja_log_record) + (note->identity ? sizeof(struct deja_log_identity) : 0);
  const uint64_t size = (fixed + first + second + 7) & ~(uint64_t)7;
  if (size > 1u << 28) return deja_lose(DEJA_LOST_FULL);
  const uint64_t at = __atomic_fetch_add(&header->tail, size, __ATOMIC_RELAXED);
  if (at > deja_state.capacity || size > deja_state.capacity - at) return deja_lose(DEJA_LOST_FULL);
  struct deja_log_record *record = (struct deja_log_record *)(deja_state.log + at);
  record->op = note->op;
  record->flags = (uint16_t)(note->flags | (note->identity ? DEJA_FLAG_IDENTITY : 0));
  record->pid = pid;
  record->error = note->error;
  record->value = note->value;
  record->reserved = 0;
  record->when_ns = note->when ? note->when : deja_now();
  record->text_size = (uint32_t)first;
  record->text2_size = (uint32_t)second;
  if (note->identity) memcpy(record + 1, note->identity, sizeof *note->identity);
  put_text(put_text((char *)record + fixed, one), two);
  __atomic_store_n(&record->size, (uint32_t)size, __ATOMIC_RELEASE);
}

/* The log stays mapped while a record is put into it (memory.c). */
static void commit(const struct deja_note *note, int pid, const struct text *one,
                   const struct text *two) {
  __atomic_fetch_add(&deja_state.writers, 1, __ATOMIC_SEQ_CST);
  if (!__atomic_load_n(&deja_state.silent, __ATOMIC_SEQ_CST)) put_record(note, pid, one, two);
  __atomic_fetch_sub(&deja_state.writers, 1, __ATOMIC_SEQ_CST);
}

static void commit_once(const struct deja_note *note, int pid, const struct text *one,
                        const struct text *two) {
  /* A vfork child shares its parent's memory, and must not change the parent's table. */
  if (note->once && pid == deja_state.home_pid && repeated(note, pid, one, two)) return;
  commit(note, pid, one, two);
}

/* Writes a relative path that the reader could not join by itself. A separate function because of its
 * stack use: a signal handler may run on a small stack. */
COLD static void write_based(const struct deja_note *note, int pid, struct text *one,
                             struct text *two, bool base_one, bool base_two) {
  char first[4096], second[4096];
  if (base_one) {
    one->prefix = first;
    one->prefix_size = deja_directory_of(note->at, first, sizeof first);
    if (one->prefix_size == 0) return deja_lose(DEJA_LOST_PATH);
  }
  if (base_two) {
    two->prefix = second;
    two->prefix_size = deja_directory_of(note->at2, second, sizeof second);
    if (two->prefix_size == 0) return deja_lose(DEJA_LOST_PATH);
  }
  commit_once(note, pid, one, two);
}

static void write_note(const struct deja_note *note) {
  struct text one = {0}, two = {0};
  bool base_one = false, base_two = false;
  const bool is_path = deja_texts_of(note->op) >= DEJA_TEXT_PATH;
  const int pid = deja_pid();
  const bool must_base = note->absolute || pid != deja_state.home_pid;
  if (is_path && (note->path == NULL || note->path[0] == '\0')) return;
  if (note->path) {
    one.path = note->path;
    one.path_size = strlen(note->path);
    base_one = is_path && note->path[0] != '/' && (must_base || note->at != AT_FDCWD);
    if (note->op == DEJA_OP_LIBRARY && strchr(note->path, '/') == NULL) base_one = false;
  }
  if (note->path2) {
    two.path = note->path2;
    two.path_size = strlen(note->path2);
    base_two = note->path2[0] != '/' && (must_base || note->at2 != AT_FDCWD);
  } else {
    two.path = note->text2;
    two.path_size = note->text2_size;
  }
  if (UNLIKELY(base_one || base_two)) {
    write_based(note, pid, &one, &two, base_one, base_two);
  } else {
    commit_once(note, pid, &one, &two);
  }
}

void deja_write(const struct deja_note *note) {
  if (!deja_recording()) return;
  if (note->error == EFAULT) return;
  /* Whatever there is, such a path leads to nothing. One with a name that is too long may be missed
   * because of what is before that name. */
  if (note->error == ENAMETOOLONG && note->path && strnlen(note->path, PATH_MAX) == PATH_MAX)
    return;
  const int saved = errno;
  write_note(note);
  errno = saved;
}
