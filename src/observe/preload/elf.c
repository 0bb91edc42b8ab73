/* Whether a program can be given this library. Most that cannot use it ignore it (static programs,
 * setuid ones) and are then missing in the log. Two kinds must not even be asked:
 *   - another ELF class or machine: its loader prints "cannot be preloaded" to the tool's stderr;
 *   - AddressSanitizer as a shared library: it refuses to run unless it is loaded first;
 *     ThreadSanitizer may start its program again by a system call of its own, unseen.
 * They run as ever, and do not report in: a gap. A few system calls, paid by each exec (2 us). */
#include <elf.h>

#include "observe.h"

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#else
#define OUR_MACHINE EM_AARCH64
#endif

static bool read_at(int fd, void *out, size_t size, uint64_t offset) {
  return raw4(SYS_pread64, fd, out, size, offset) == (long)size;
}

/* The file offset of an address, by the program headers in head; 0 when there is none. */
static uint64_t offset_of(const Elf64_Phdr *headers, unsigned count, uint64_t address) {
  for (unsigned i = 0; i < count; ++i)
    if (headers[i].p_type == PT_LOAD && address >= headers[i].p_vaddr &&
        address - headers[i].p_vaddr < headers[i].p_filesz)
      return address - headers[i].p_vaddr + headers[i].p_offset;
  return 0;
}

/* Linkers put the sanitizer's library before all others, so the first name needed tells. */
static bool wants_to_be_first(int fd, const Elf64_Phdr *headers, unsigned count) {
  Elf64_Dyn entries[48];
  char name[40] = {0};
  uint64_t strings = 0, first = 0;
  const Elf64_Phdr *dynamic = NULL;
  for (unsigned i = 0; i < count; ++i)
    if (headers[i].p_type == PT_DYNAMIC) dynamic = &headers[i];
  if (dynamic == NULL) return false;
  const size_t size = dynamic->p_filesz < sizeof entries ? dynamic->p_filesz : sizeof entries;
  if (!read_at(fd, entries, size, dynamic->p_offset)) return false;
  for (size_t i = 0; i < size / sizeof entries[0]; ++i) {
    if (entries[i].d_tag == DT_NEEDED && first == 0) first = entries[i].d_un.d_val;
    if (entries[i].d_tag == DT_STRTAB) strings = entries[i].d_un.d_ptr;
  }
  const uint64_t at = offset_of(headers, count, strings);
  if (first == 0 || at == 0) return false;
  if (raw4(SYS_pread64, fd, name, sizeof name - 1, at + first) <= 0) return false;
  return strncmp(name, "libasan.", 8) == 0 || strncmp(name, "libtsan.", 8) == 0 ||
         strncmp(name, "libhwasan.", 10) == 0 || strncmp(name, "libclang_rt.asan", 16) == 0 ||
         strncmp(name, "libclang_rt.hwasan", 18) == 0;
}

static bool observable_elf(int fd, const char *head, size_t size) {
  Elf64_Ehdr header;
  if (head[EI_CLASS] != ELFCLASS64 || size < sizeof header) return false;
  memcpy(&header, head, sizeof header);
  if (header.e_machine != OUR_MACHINE) return false;
  const uint64_t headers_size = (uint64_t)header.e_phnum * sizeof(Elf64_Phdr);
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff % 8 != 0 ||
      header.e_phoff > size || headers_size > size - header.e_phoff)
    return true; /* unusual; nothing speaks against it */
  const Elf64_Phdr *headers = (const Elf64_Phdr *)(const void *)(head + header.e_phoff);
  return !wants_to_be_first(fd, headers, header.e_phnum);
}

/* The interpreter of "#! /bin/sh -e", cut out of head in place; NULL when there is none. */
static const char *interpreter(char *head, size_t size) {
  size_t from = 2;
  while (from < size && (head[from] == ' ' || head[from] == '\t')) ++from;
  size_t to = from;
  while (to < size && head[to] != ' ' && head[to] != '\t' && head[to] != '\n') ++to;
  if (to == size || to == from) return NULL;
  head[to] = '\0';
  return head + from;
}

static bool observable(int at, const char *path, int depth) {
  char head[1024] __attribute__((aligned(8)));
  const char *script = NULL;
  bool result = true;
  const long fd = raw4(SYS_openat, at, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  if (fd < 0) return true; /* executable, not readable: nothing can be said against it */
  const long size = raw4(SYS_pread64, fd, head, sizeof head, 0);
  if (size > EI_CLASS && memcmp(head, ELFMAG, SELFMAG) == 0)
    result = observable_elf((int)fd, head, (size_t)size);
  else if (size > 2 && head[0] == '#' && head[1] == '!')
    script = interpreter(head, (size_t)size);
  raw1(SYS_close, fd);
  return script && depth < 4 ? observable(AT_FDCWD, script, depth + 1) : result;
}

bool deja_observable(int at, const char *path) {
  deja_started();
  if (deja_state.log_variable_size == 0) return false; /* nothing to put back anyway */
  return observable(at, path, 0);
}
