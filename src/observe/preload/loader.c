// SPDX-License-Identifier: Apache-2.0
/* The loader's file accesses, which are not interposed: the link map has the libraries it loaded, and its
 * earlier search is computed here from the same texts that it uses. */
#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include "observe.h"

static void note_library(const char *path, int error, const struct deja_log_identity *identity) {
  deja_write(&NOTE(.op = DEJA_OP_LIBRARY, .path = path, .once = true, .error = error,
                   .identity = identity));
}

/* --- where the loader searched ------------------------------------------------------------------- */

/* The entries of one object's dynamic section that it uses. */
struct object {
  const ElfW(Dyn) * dynamic;
  const char *names;
  const char *runpath, *rpath; /* rpath only if there is no runpath */
};

static const ElfW(Dyn) * dynamic_of(const struct dl_phdr_info *info) {
  for (int i = 0; i < info->dlpi_phnum; ++i)
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
      return (const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  return NULL;
}

/* False for this library, and for the kernel's own object, which is not searched for. */
static bool describe(const struct dl_phdr_info *info, struct object *out) {
  const char *path = info->dlpi_name;
  *out = (struct object){0};
  if (info->dlpi_addr == deja_state.own_base) return false;
  if (path && path[0] && strchr(path, '/') == NULL) return false;
  const ElfW(Dyn) *runpath = NULL, *rpath = NULL;
  out->dynamic = dynamic_of(info);
  if (out->dynamic == NULL) return false;
  for (const ElfW(Dyn) *d = out->dynamic; d->d_tag != DT_NULL; ++d) {
    /* glibc has relocated this pointer in place; musl leaves an offset */
    if (d->d_tag == DT_STRTAB)
      out->names = (const char *)(d->d_un.d_ptr < info->dlpi_addr ? info->dlpi_addr + d->d_un.d_ptr
                                                                  : d->d_un.d_ptr);
    if (d->d_tag == DT_RUNPATH) runpath = d;
    if (d->d_tag == DT_RPATH) rpath = d;
  }
  if (out->names == NULL) return false;
  if (runpath) out->runpath = out->names + runpath->d_un.d_val;
  if (rpath && !runpath) out->rpath = out->names + rpath->d_un.d_val;
  return true;
}

/* The directory of the object, for $ORIGIN. */
static size_t origin_of(const char *path, char *out, size_t room) {
  size_t size = 0;
  if (path && path[0]) {
    size = strlen(path);
    if (size >= room) return 0;
    memcpy(out, path, size);
  } else {
    const long got = raw4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", out, room);
    if (got <= 0 || (size_t)got >= room) return 0;
    size = (size_t)got;
  }
  while (size > 1 && out[size - 1] != '/') --size;
  return size > 1 ? size - 1 : size;
}

/* One directory of a list, with $ORIGIN replaced; false: it contains a name that only the loader can
 * replace, or is too long. */
static bool expand(const char *from, const char *end, const char *object, char *out, size_t room) {
  static const char *const tokens[] = {"$ORIGIN", "${ORIGIN}"};
  size_t size = 0;
  if (from == end) out[size++] = '.';
  while (from != end) {
    size_t skip = 0;
    for (int i = 0; i < 2; ++i) {
      const size_t length = strlen(tokens[i]);
      if ((size_t)(end - from) >= length && memcmp(from, tokens[i], length) == 0) skip = length;
    }
    if (skip) {
      const size_t added = origin_of(object, out + size, room - size);
      if (added == 0) return false;
      size += added;
      from += skip;
    } else if (*from == '$' || size + 1 >= room) {
      return false;
    } else {
      out[size++] = *from++;
    }
  }
  while (size > 1 && out[size - 1] == '/') --size;
  out[size] = '\0';
  return true;
}

static int look(const char *path) { return (int)-raw3(SYS_faccessat, AT_FDCWD, path, F_OK); }

/* The name may belong to something else than a directory: /usr/bin/x86_64 is a program. False then. */
static bool note_listing(const char *path) {
  struct deja_log_identity identity;
  const bool known = deja_identity_at(AT_FDCWD, path, 0, &identity) == 0;
  if (known && !S_ISDIR(identity.mode)) return note_library(path, ENOTDIR, &identity), false;
  deja_write(
      &NOTE(.op = DEJA_OP_LIST, .path = path, .once = true, .identity = known ? &identity : NULL));
  return true;
}

/* True if there is a file called name in directory, whose path has size bytes. Appends name to it. */
static bool look_below(char *directory, size_t size, size_t room, const char *name) {
  const size_t length = strlen(name);
  if (size + length + 2 > room) return false;
  directory[size] = '/';
  memcpy(directory + size + 1, name, length + 1);
  const int error = look(directory);
  if (error) note_library(directory, error, NULL);
  return error == 0;
}

/* True if name is a directory below directory. Appends name to it. */
static bool enter_variant(char *directory, size_t size, size_t room, const char *name) {
  return look_below(directory, size, room, name) && note_listing(directory);
}

/* They nest: tls/haswell/avx512_1/x86_64. */
enum { OLD_VARIANTS_DEEP = 4 };

static void note_old_variants(char *directory, size_t size, size_t room, int deep) {
  static const char names[][9] = {"tls",    "haswell", "xeon_phi", "avx512_1",
                                  "x86_64", "atomics", "aarch64"};
  for (size_t i = 0; deep && i < sizeof names / sizeof names[0]; ++i)
    if (enter_variant(directory, size, room, names[i]))
      note_old_variants(directory, size + 1 + strlen(names[i]), room, deep - 1);
  directory[size] = '\0';
}

/* Below each directory the loader first tries some subdirectories for newer processors. Which ones depends
 * on its version and on the processor, so all names that any version uses count. */
static void note_variants(char *directory, size_t size, size_t room) {
  static const char names[][10] = {"x86-64-v4", "x86-64-v3", "x86-64-v2"};
  static const char all[] = "glibc-hwcaps";
  if (enter_variant(directory, size, room, all))
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i)
      enter_variant(directory, size + sizeof all, room, names[i]);
  directory[size] = '\0';
  note_old_variants(directory, size, room, OLD_VARIANTS_DEEP);
}

/* True: the search for name ends in this directory. */
static bool look_in(char *directory, size_t size, size_t room, const char *name) {
  const bool ends = look_below(directory, size, room, name);
  directory[size] = '\0';
  return ends;
}

/* What is searched for: name, or the dependencies of object. */
struct search {
  const char *name;
  const struct object *object;
};

/* Which of an object's first dependencies were found in an earlier directory of the list. */
struct found {
  uint64_t bits[4];
};

static void look_for_needed(const struct object *object, char *directory, size_t size, size_t room,
                            struct found *found) {
  unsigned n = 0;
  for (const ElfW(Dyn) *d = object->dynamic; d->d_tag != DT_NULL; ++d) {
    if (d->d_tag != DT_NEEDED) continue;
    const char *name = object->names + d->d_un.d_val;
    const bool first =
        n < 8 * sizeof found->bits; /* for further ones more directories are recorded than needed */
    uint64_t *word = &found->bits[first ? n / 64 : 0];
    const uint64_t bit = first ? (uint64_t)1 << (n % 64) : 0;
    ++n;
    if ((*word & bit) || strchr(name, '/')) continue;
    if (look_in(directory, size, room, name)) *word |= bit;
  }
}

/* Buffers for directory names, not on the stack: a thread's stack may have 16 KiB, and the loader itself
 * needs some of it. */
enum { DIRECTORY_BYTES = 4096, KNOWN_BYTES = 8192 };

static char *take_room(size_t size) {
  char *room = raw_map(size);
  if (!room) deja_lose(DEJA_LOST_NAMESPACE);
  return room;
}

static void look_for(const struct search *search, const char *list, const char *separators,
                     const char *origin) {
  char *const directory = take_room(DIRECTORY_BYTES);
  if (!directory) return;
  struct found found = {{0}};
  for (const char *from = list;; ++from) {
    const char *end = from + strcspn(from, separators);
    const bool known = expand(from, end, origin, directory, DIRECTORY_BYTES);
    const int error = known ? look(directory) : 0;
    const size_t size = known ? strlen(directory) : 0;
    if (!known)
      deja_lose(DEJA_LOST_NAMESPACE);
    else if (error)
      note_library(directory, error, NULL);
    else
      note_variants(directory, size, DIRECTORY_BYTES);
    if (known && !error && search->name) look_in(directory, size, DIRECTORY_BYTES, search->name);
    if (known && !error && !search->name)
      look_for_needed(search->object, directory, size, DIRECTORY_BYTES, &found);
    from = end;
    if (*from == '\0') break;
  }
  raw2(SYS_munmap, directory, DIRECTORY_BYTES);
}

struct inherited {
  const char *list, *origin;
};

/* DT_RPATH applies to the dependencies of the object's dependencies, too. */
static int look_inherited(struct dl_phdr_info *info, size_t size, void *context) {
  const struct inherited *from = context;
  struct object object;
  (void)size;
  if (describe(info, &object))
    look_for(&(struct search){.object = &object}, from->list, ":", from->origin);
  return 0;
}

static int look_of_object(struct dl_phdr_info *info, size_t size, void *context) {
  const char *name = context; /* the name for dlopen; NULL: the dependencies of each object */
  struct object object;
  (void)size;
  if (!describe(info, &object)) return 0;
  const struct search search = {.name = name, .object = &object};
  if (object.rpath && !name)
    dl_iterate_phdr(look_inherited, &(struct inherited){object.rpath, info->dlpi_name});
  else if (object.rpath)
    look_for(&search, object.rpath, ":", info->dlpi_name);
  if (deja_state.library_path && deja_state.library_path[0])
    look_for(&search, deja_state.library_path, ":;", info->dlpi_name);
  if (object.runpath) look_for(&search, object.runpath, ":", info->dlpi_name);
  return 0;
}

static void look_of_objects(const char *name) { dl_iterate_phdr(look_of_object, (void *)name); }

/* The loader's built-in directories, which only dlinfo() returns. Its other directories are not used,
 * since the loader removes a list of which no directory exists. */
static void look_in_directories_of(Dl_serinfo *known, char *directory, const char *name) {
  if (NEXT(dlinfo)(_r_debug.r_map, RTLD_DI_SERINFOSIZE, known) != 0) return;
  if (known->dls_size > KNOWN_BYTES) return deja_lose(DEJA_LOST_NAMESPACE);
  if (NEXT(dlinfo)(_r_debug.r_map, RTLD_DI_SERINFO, known) != 0) return;
  for (unsigned i = 0; i < known->dls_cnt; ++i) {
    const Dl_serpath *path = &known->dls_serpath[i];
    const size_t size = strlen(path->dls_name);
    if (size >= DIRECTORY_BYTES) continue;
    memcpy(directory, path->dls_name, size + 1);
    note_variants(directory, size, DIRECTORY_BYTES);
    if (look_in(directory, size, DIRECTORY_BYTES, name)) return;
  }
}

static void look_in_default_directories(const char *name) {
  char *const room = take_room(KNOWN_BYTES + DIRECTORY_BYTES);
  if (!room) return;
  look_in_directories_of((void *)room, room + KNOWN_BYTES, name);
  raw2(SYS_munmap, room, KNOWN_BYTES + DIRECTORY_BYTES);
}

static void note_open(const char *path) {
  struct deja_log_identity identity;
  const int error = deja_identity_at(AT_FDCWD, path, 0, &identity);
  deja_write(&NOTE(.op = DEJA_OP_OPEN, .flags = DEJA_OPEN_READ, .path = path, .error = error,
                   .once = true, .identity = error ? NULL : &identity));
}

void deja_look_for_library(const char *name) {
  if (!deja_recording()) return;
  look_of_objects(name);
  note_open("/etc/ld.so.cache");
  look_in_default_directories(name);
}

/* --- loaded libraries ---------------------------------------------------------------------------- */

static int look_again(struct dl_phdr_info *info, size_t size, void *seen) {
  const char *path = info->dlpi_name;
  if (size >= offsetof(struct dl_phdr_info, dlpi_subs)) {
    if (info->dlpi_adds == deja_state.libraries_seen) return 1; /* nothing was loaded since */
    *(unsigned long long *)seen = info->dlpi_adds;
  }
  if (path == NULL || strcmp(path, deja_state.preload) == 0) return 0;
  if (strchr(path, '/') == NULL) return 0; /* the program itself; linux-vdso.so.1 */
  struct deja_log_identity identity;
  const bool found = deja_identity_at(AT_FDCWD, path, 0, &identity) == 0;
  /* it makes its own system calls, and the kernel carries out its requests without records */
  if (strstr(path, "/liburing.so")) deja_lose(DEJA_LOST_KERNEL);
  note_library(path, 0, found ? &identity : NULL);
  return 0;
}

void deja_look_at_libraries(void) {
  if (!deja_recording() || deja_is_vfork_child()) return;
  const int saved = errno;
  unsigned long long seen = deja_state.libraries_seen;
  dl_iterate_phdr(look_again, &seen);
  if (seen != deja_state.libraries_seen || seen == 0) look_of_objects(NULL);
  deja_state.libraries_seen = seen;
  errno = saved;
}

/* A sanitizer's runtime linked into the program reads files that its options name, by its own system
 * calls. With other options it reads no file. */
static void note_sanitizer(void) {
  static const char names[] =
      "ASAN_OPTIONS\0HWASAN_OPTIONS\0LSAN_OPTIONS\0MSAN_OPTIONS\0TSAN_OPTIONS\0UBSAN_OPTIONS\0";
  const char *n = names;
  while (*n && !deja_variable(n)) n += strlen(n) + 1;
  if (*n && deja_next_has("__sanitizer_print_stack_trace")) deja_lose(DEJA_LOST_NAMESPACE);
}

/* Files that the loader read before this library was loaded. */
void deja_note_loader(void) {
  note_open("/etc/ld.so.preload");
  deja_note_variable("LD_LIBRARY_PATH");
  deja_note_variable("LD_PRELOAD");
  deja_state.library_path = deja_variable("LD_LIBRARY_PATH");
  note_sanitizer();
  deja_look_at_libraries();
}
