// SPDX-License-Identifier: Apache-2.0
/* Decides from a program's file whether the program can be given the interposer, before it is started.
 * The interposer checks each program that its process starts; the client checks the tool.
 *
 * Most programs that have no use for the library ignore it (static ones). These do not:
 *   - of another ELF class or machine: its loader prints "cannot be preloaded" to the tool's stderr;
 *   - of another loader than glibc's: musl's does not start a program whose library it cannot load;
 *   - with a sanitizer's shared library: AddressSanitizer refuses to run unless it is loaded first;
 *     ThreadSanitizer may start its program again by its own system call, which is not recorded;
 *   - with a sanitizer linked in: it defines functions that are called before it is ready
 *     (MemorySanitizer then waits for itself forever).
 * A program that gains rights when started also ignores the library; and a supervised process gains
 * none. The check takes a few system calls (3 us) at each exec. */
#pragma once

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A system call that does not set the observed process's errno. */
#ifdef __cplusplus
#define DEJA_ASK(n, a, b, c, d) ::syscall(n, a, b, c, d)
#define DEJA_AS(type, value) static_cast<type>(value)
#else
#include "raw.h"
#define DEJA_ASK(n, a, b, c, d) raw4(n, a, b, c, d)
#define DEJA_AS(type, value) ((type)(value))
#endif

#if defined(__x86_64__)
#define DEJA_MACHINE EM_X86_64
#else
#define DEJA_MACHINE EM_AARCH64
#endif

enum deja_fit {
  DEJA_FITS,
  DEJA_FITS_NOT,
  DEJA_GAINS_RIGHTS /* setuid, setgid or with capabilities, and not those of this process already */
};

#define DEJA_SEGMENTS_MAX 17
#define DEJA_HEAD_SIZE (sizeof(Elf64_Ehdr) + DEJA_SEGMENTS_MAX * sizeof(Elf64_Phdr))

struct deja_elf {
  int fd;
  unsigned count;
  Elf64_Phdr segments[DEJA_SEGMENTS_MAX];
  /* Entries of its dynamic section, as file offsets; 0: none. */
  uint64_t first_needed, strings, symbols, gnu_hash, hash;
};

static inline bool deja_read_at(int fd, void *out, size_t size, uint64_t offset) {
  const long got = DEJA_ASK(SYS_pread64, fd, out, size, offset);
  return got >= 0 && DEJA_AS(size_t, got) == size;
}

static inline bool deja_starts_with(const char *text, const char *start) {
  return strncmp(text, start, strlen(start)) == 0;
}

/* The file offset of an address; 0: none. */
static inline uint64_t deja_offset_of(const struct deja_elf *elf, uint64_t address) {
  for (unsigned i = 0; i < elf->count; ++i) {
    const Elf64_Phdr *h = &elf->segments[i];
    if (h->p_type == PT_LOAD && address >= h->p_vaddr && address - h->p_vaddr < h->p_filesz)
      return address - h->p_vaddr + h->p_offset;
  }
  return 0;
}

static inline const Elf64_Phdr *deja_segment(const struct deja_elf *elf, uint32_t type) {
  for (unsigned i = 0; i < elf->count; ++i)
    if (elf->segments[i].p_type == type) return &elf->segments[i];
  return NULL;
}

static inline bool deja_read_dynamic(struct deja_elf *elf) {
  Elf64_Dyn entries[64];
  uint64_t first = 0;
  bool has_needed = false;
  const Elf64_Phdr *dynamic = deja_segment(elf, PT_DYNAMIC);
  if (dynamic == NULL) return false;
  const size_t size = dynamic->p_filesz < sizeof entries ? dynamic->p_filesz : sizeof entries;
  if (!deja_read_at(elf->fd, entries, size, dynamic->p_offset)) return false;
  for (size_t i = 0; i < size / sizeof entries[0] && entries[i].d_tag != DT_NULL; ++i) {
    const uint64_t value = entries[i].d_un.d_val;
    switch (entries[i].d_tag) {
      case DT_NEEDED:
        if (!has_needed) first = value;
        has_needed = true;
        break;
      case DT_STRTAB: elf->strings = deja_offset_of(elf, value); break;
      case DT_SYMTAB: elf->symbols = deja_offset_of(elf, value); break;
      case DT_GNU_HASH: elf->gnu_hash = deja_offset_of(elf, value); break;
      case DT_HASH: elf->hash = deja_offset_of(elf, value); break;
      default: break;
    }
  }
  if (has_needed && elf->strings != 0) elf->first_needed = elf->strings + first;
  return elf->strings != 0;
}

/* Linkers put the sanitizer's library first, so the first needed name decides. */
static inline bool deja_wants_to_be_first(const struct deja_elf *elf) {
  char name[40] = "";
  if (elf->first_needed == 0 ||
      DEJA_ASK(SYS_pread64, elf->fd, name, sizeof name - 1, elf->first_needed) <= 0)
    return false;
  return deja_starts_with(name, "libasan.") || deja_starts_with(name, "libtsan.") ||
         deja_starts_with(name, "libhwasan.") || deja_starts_with(name, "liblsan.") ||
         deja_starts_with(name, "libclang_rt.");
}

static inline bool deja_is_called(const struct deja_elf *elf, uint32_t symbol, const char *name) {
  Elf64_Sym entry;
  char text[32] = "";
  const size_t size = strlen(name) + 1;
  return deja_read_at(elf->fd, &entry, sizeof entry, elf->symbols + symbol * sizeof entry) &&
         entry.st_shndx != SHN_UNDEF &&
         deja_read_at(elf->fd, text, size, elf->strings + entry.st_name) &&
         memcmp(text, name, size) == 0;
}

/* Searches the hash tables of the format in the file (gABI, "Hash Table", and GNU's variant, whose filter
 * answers most look-ups with one read). */
static inline bool deja_exports_gnu(const struct deja_elf *elf, const uint32_t head[4],
                                    const char *name) {
  uint32_t h = 5381, i = 0, chain = 0;
  uint64_t word = 0;
  for (const char *p = name; *p; ++p) h = h * 33 + DEJA_AS(unsigned char, *p);
  const uint64_t bloom = elf->gnu_hash + 16, buckets = bloom + head[2] * UINT64_C(8);
  if (head[0] == 0 || head[2] == 0 ||
      !deja_read_at(elf->fd, &word, sizeof word, bloom + (h / 64) % head[2] * UINT64_C(8)) ||
      !(word >> (h % 64) & word >> ((h >> (head[3] & 31)) % 64) & 1) ||
      !deja_read_at(elf->fd, &i, sizeof i, buckets + h % head[0] * UINT64_C(4)))
    return false;
  for (int steps = 0; i >= head[1] && steps < 1000; ++i, ++steps) {
    const uint64_t at = buckets + (UINT64_C(0) + head[0] + i - head[1]) * 4;
    if (!deja_read_at(elf->fd, &chain, sizeof chain, at)) return false;
    if ((chain | 1) == (h | 1) && deja_is_called(elf, i, name)) return true;
    if (chain & 1) return false;
  }
  return false;
}

static inline bool deja_exports_sysv(const struct deja_elf *elf, const uint32_t head[4],
                                     const char *name) {
  uint32_t h = 0, i = 0;
  for (const char *p = name; *p; ++p) {
    h = (h << 4) + DEJA_AS(unsigned char, *p);
    const uint32_t top = h & 0xf0000000u;
    h = (h ^ top >> 24) & ~top;
  }
  uint64_t at = elf->hash + 8 + (head[0] ? h % head[0] : 0) * UINT64_C(4);
  for (int steps = 0; head[0] != 0 && steps < 1000; ++steps) {
    if (!deja_read_at(elf->fd, &i, sizeof i, at) || i == 0) return false;
    if (deja_is_called(elf, i, name)) return true;
    at = elf->hash + 8 + (UINT64_C(0) + head[0] + i) * 4;
  }
  return false;
}

static inline bool deja_has_sanitizer(const struct deja_elf *elf) {
  static const char names[] = "__msan_init\0__tsan_init\0__asan_init\0__hwasan_init\0";
  uint32_t head[4];
  const uint64_t table = elf->gnu_hash ? elf->gnu_hash : elf->hash;
  if (table == 0 || elf->symbols == 0 || !deja_read_at(elf->fd, head, sizeof head, table))
    return false;
  for (const char *n = names; *n; n += strlen(n) + 1)
    if (elf->gnu_hash ? deja_exports_gnu(elf, head, n) : deja_exports_sysv(elf, head, n))
      return true;
  return false;
}

static inline bool deja_has_glibc_loader(const struct deja_elf *elf) {
  char path[512] = "";
  const Elf64_Phdr *h = deja_segment(elf, PT_INTERP);
  if (h == NULL) return true; /* static: without a loader */
  if (h->p_filesz >= sizeof path || !deja_read_at(elf->fd, path, h->p_filesz, h->p_offset))
    return false;
  const char *name = path;
  for (const char *p = path; *p; ++p)
    if (*p == '/') name = p + 1;
  return deja_starts_with(name, "ld-linux") || deja_starts_with(name, "ld-lsb");
}

static inline bool deja_is_loadable_elf(int fd, const char *head, size_t size) {
  Elf64_Ehdr header;
  struct deja_elf elf;
  memset(&elf, 0, sizeof elf);
  if (head[EI_CLASS] != ELFCLASS64 || size < sizeof header) return false;
  memcpy(&header, head, sizeof header);
  if (header.e_machine != DEJA_MACHINE) return false;
  const size_t headers_size = header.e_phnum * sizeof(Elf64_Phdr);
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > DEJA_SEGMENTS_MAX ||
      header.e_phoff > size || headers_size > size - header.e_phoff)
    return true; /* unusual, but no reason against it */
  memcpy(elf.segments, head + header.e_phoff, headers_size);
  elf.fd = fd;
  elf.count = header.e_phnum;
  if (!deja_has_glibc_loader(&elf)) return false;
  if (!deja_read_dynamic(&elf)) return true;
  return !deja_wants_to_be_first(&elf) && !deja_has_sanitizer(&elf);
}

static inline bool deja_gains_rights(int fd) {
  struct stat st; /* the kernel's layout and libc's are the same on 64-bit machines */
  if (DEJA_ASK(SYS_fstat, fd, &st, 0, 0) != 0) return false;
  if ((st.st_mode & S_ISUID) != 0 && st.st_uid != DEJA_ASK(SYS_geteuid, 0, 0, 0, 0)) return true;
  if ((st.st_mode & S_ISGID) != 0 && st.st_gid != DEJA_ASK(SYS_getegid, 0, 0, 0, 0)) return true;
  return DEJA_ASK(SYS_fgetxattr, fd, "security.capability", 0, 0) > 0 &&
         DEJA_ASK(SYS_geteuid, 0, 0, 0, 0) != 0;
}

/* The interpreter in "#! /bin/sh -e", terminated in place in head; NULL: there is none. */
static inline const char *deja_cut_interpreter(char *head, size_t size) {
  size_t from = 2;
  while (from < size && (head[from] == ' ' || head[from] == '\t')) ++from;
  size_t to = from;
  while (to < size && head[to] != ' ' && head[to] != '\t' && head[to] != '\n') ++to;
  if (to == size || to == from) return NULL;
  head[to] = '\0';
  return head + from;
}

static inline enum deja_fit deja_fit_at(int at, const char *path, int depth) {
  char head[DEJA_HEAD_SIZE];
  const char *script = NULL;
  enum deja_fit answer = DEJA_FITS;
  const long opened = DEJA_ASK(SYS_openat, at, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  if (opened < 0) return DEJA_FITS; /* executable, but not readable: nothing is known against it */
  const int fd = DEJA_AS(int, opened);
  const long got = DEJA_ASK(SYS_pread64, fd, head, sizeof head, 0);
  const size_t size = got < 0 ? 0 : DEJA_AS(size_t, got);
  if (size > EI_CLASS && memcmp(head, ELFMAG, SELFMAG) == 0) {
    if (deja_gains_rights(fd))
      answer = DEJA_GAINS_RIGHTS;
    else if (!deja_is_loadable_elf(fd, head, size))
      answer = DEJA_FITS_NOT;
  } else if (size > 2 && head[0] == '#' && head[1] == '!') {
    script = deja_cut_interpreter(head, size);
  }
  DEJA_ASK(SYS_close, fd, 0, 0, 0);
  return script && depth < 4 ? deja_fit_at(AT_FDCWD, script, depth + 1) : answer;
}

/* Has the program, or the interpreter of the script, a loader? One without it ignores the library, and
 * would see our variables. */
static inline bool deja_has_loader_at(const char *path, int depth) {
  char head[DEJA_HEAD_SIZE];
  Elf64_Ehdr header;
  Elf64_Phdr segment;
  const long opened = DEJA_ASK(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  if (opened < 0) return false;
  const long got = DEJA_ASK(SYS_pread64, opened, head, sizeof head, 0);
  DEJA_ASK(SYS_close, opened, 0, 0, 0);
  const size_t size = got < 0 ? 0 : DEJA_AS(size_t, got);
  if (size > 2 && head[0] == '#' && head[1] == '!') {
    const char *const script = deja_cut_interpreter(head, size);
    return script && depth < 4 && deja_has_loader_at(script, depth + 1);
  }
  if (size < sizeof header || memcmp(head, ELFMAG, SELFMAG) != 0) return false;
  memcpy(&header, head, sizeof header);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const size_t at = header.e_phoff + i * sizeof segment;
    if (at > size || size - at < sizeof segment) return false;
    memcpy(&segment, head + at, sizeof segment);
    if (segment.p_type == PT_INTERP) return true;
  }
  return false;
}

/* The new program's process cannot load a library that it cannot open: after chroot, or as a user without
 * permission. Checked by opening it, because Landlock does not refuse stat. */
static inline bool deja_can_read(const char *library) {
  const long fd = DEJA_ASK(SYS_openat, AT_FDCWD, library, O_RDONLY | O_CLOEXEC, 0);
  if (fd >= 0) DEJA_ASK(SYS_close, fd, 0, 0, 0);
  return fd >= 0;
}

/* library: the interposer's path. */
static inline enum deja_fit deja_fit_of(int at, const char *path, const char *library) {
  const enum deja_fit answer = deja_fit_at(at, path, 0);
  return answer == DEJA_FITS && !deja_can_read(library) ? DEJA_FITS_NOT : answer;
}

/* May the children of a program that fits be routed (route.c)? */
static inline bool deja_can_route(const char *path, enum deja_fit fit) {
  return fit == DEJA_FITS && deja_has_loader_at(path, 0);
}
