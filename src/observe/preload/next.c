// SPDX-License-Identifier: Apache-2.0
/* Finds the function that would have been called without the interposer.
 *
 * Not by dlsym(RTLD_NEXT): that takes the loader's lock (which stays locked forever if another thread held
 * it at a fork), may allocate, and clears an error that a program has yet to read with dlerror(). libc's
 * own symbol table, found once at start, can be read at any time; a look-up takes about 0.1 us. Tested by
 * interposer_test.cc.
 */
#include <elf.h>
#include <link.h>

#include "observe.h"

struct module {
  const char *base;
  const uint32_t *hash;
  const ElfW(Sym) * symbols;
  const char *names;
  const ElfW(Half) * versions;
};
static struct module modules[6];
static int module_count;

/* libc, and its parts that were separate libraries before glibc 2.34. */
static bool is_libc(const char *name) {
  static const char known[] = "libc.so.\0libpthread.so.\0libdl.so.\0librt.so.\0libutil.so.\0";
  const char *base = name;
  for (const char *p = name; *p; ++p)
    if (*p == '/') base = p + 1;
  for (const char *k = known; *k; k += strlen(k) + 1)
    if (strncmp(base, k, strlen(k)) == 0) return true;
  return false;
}

static bool describe(const struct dl_phdr_info *info, struct module *m) {
  const ElfW(Dyn) *dynamic = NULL;
  for (int i = 0; i < info->dlpi_phnum; ++i)
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
      dynamic = (const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  if (dynamic == NULL) return false;
  *m = (struct module){.base = (const char *)info->dlpi_addr};
  for (const ElfW(Dyn) *d = dynamic; d->d_tag != DT_NULL; ++d) {
    /* glibc has relocated these pointers in place; musl leaves offsets */
    const uintptr_t value =
        d->d_un.d_ptr < info->dlpi_addr ? info->dlpi_addr + d->d_un.d_ptr : d->d_un.d_ptr;
    if (d->d_tag == DT_GNU_HASH) m->hash = (const uint32_t *)value;
    if (d->d_tag == DT_SYMTAB) m->symbols = (const ElfW(Sym) *)value;
    if (d->d_tag == DT_STRTAB) m->names = (const char *)value;
    if (d->d_tag == DT_VERSYM) m->versions = (const ElfW(Half) *)value;
  }
  return m->hash && m->symbols && m->names;
}

bool deja_next_is_glibc(void) { return module_count != 0; }

void deja_next_module(const struct dl_phdr_info *info) {
  if (info->dlpi_name == NULL || !is_libc(info->dlpi_name)) return;
  if (module_count == (int)(sizeof modules / sizeof modules[0])) return;
  if (describe(info, &modules[module_count])) ++module_count;
}

static void *find(const struct module *m, const char *name, uint32_t h) {
  const uint32_t buckets = m->hash[0], first = m->hash[1], words = m->hash[2], shift = m->hash[3];
  const ElfW(Addr) *bloom = (const ElfW(Addr) *)(m->hash + 4);
  const uint32_t *bucket = (const uint32_t *)(bloom + words);
  const uint32_t *chain = bucket + buckets;
  const ElfW(Addr) word = bloom[(h / 64) % words];
  if (!(word >> (h % 64) & word >> ((h >> shift) % 64) & 1)) return NULL;
  uint32_t i = bucket[h % buckets];
  if (i < first) return NULL;
  for (;; ++i) {
    const uint32_t c = chain[i - first];
    const ElfW(Sym) *s = &m->symbols[i];
    /* 0x8000: not the default version of that name */
    if ((c | 1) == (h | 1) && s->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(s->st_info) == STT_FUNC &&
        !(m->versions && (m->versions[i] & 0x8000)) && strcmp(m->names + s->st_name, name) == 0)
      return (void *)(m->base + s->st_value);
    if (c & 1) return NULL;
  }
}

struct search {
  const char *name;
  uint32_t hash;
  void *found;
};

static uint32_t hash_of(const char *name) {
  uint32_t hash = 5381;
  for (const unsigned char *p = (const unsigned char *)name; *p; ++p) hash = hash * 33 + *p;
  return hash;
}

static int search_object(struct dl_phdr_info *info, size_t size, void *context) {
  struct search *search = context;
  struct module m;
  (void)size;
  /* skips this library; and no program calls the kernel's own object */
  if (info->dlpi_addr == deja_state.own_base) return 0;
  if (info->dlpi_name && strstr(info->dlpi_name, "linux-vdso")) return 0;
  if (describe(info, &m)) search->found = find(&m, search->name, search->hash);
  return search->found != NULL;
}

bool deja_next_has(const char *name) {
  struct search search = {.name = name, .hash = hash_of(name)};
  dl_iterate_phdr(search_object, &search);
  return search.found != NULL;
}

static long missing(void) {
  errno = ENOSYS;
  return -1;
}

void *deja_resolve(void **slot, const char *name) {
  struct search search = {.name = name, .hash = hash_of(name)};
  deja_started();
  for (int i = 0; i < module_count && search.found == NULL; ++i)
    search.found = find(&modules[i], name, search.hash);
  /* A name that this libc lacks and another library has (arc4random of libbsd). Takes the loader's lock,
   * but only once per name, and never for calls that a child makes before exec. */
  if (search.found == NULL) dl_iterate_phdr(search_object, &search);
  if (search.found == NULL) search.found = (void *)missing;
  __atomic_store_n(slot, search.found, __ATOMIC_RELAXED);
  return search.found;
}
