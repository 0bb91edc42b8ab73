/* The loader's work, which no call passes through us for: what it loaded is in its link map, and
 * where it looked before that is worked out again, from the same texts it went by. */
#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include "observe.h"

static void note_library(const char *path, int error, const struct deja_log_identity *identity) {
  deja_write(&NOTE(.op = DEJA_OP_LIBRARY, .path = path, .once = true, .error = error,
                   .identity = identity));
}

/* --- where it looked ----------------------------------------------------------------------------- */

/* What it reads of one object. */
struct object {
  const ElfW(Dyn) * dynamic;
  const char *names;
  const char *runpath, *rpath; /* of the second only where there is no first */
};

/* False for ourselves, and for the kernel's own object, which nobody looks for. */
static bool describe(const struct dl_phdr_info *info, struct object *out) {
  const char *path = info->dlpi_name;
  *out = (struct object){0};
  if (info->dlpi_addr == deja_state.own_base) return false;
  if (path && path[0] && strchr(path, '/') == NULL) return false;
  const ElfW(Dyn) *runpath = NULL, *rpath = NULL;
  for (int i = 0; i < info->dlpi_phnum; ++i)
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
      out->dynamic = (const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  if (out->dynamic == NULL) return false;
  for (const ElfW(Dyn) *d = out->dynamic; d->d_tag != DT_NULL; ++d) {
    /* glibc has relocated this pointer in place; musl leaves it as an offset */
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

/* The folder of the object, for $ORIGIN. */
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

/* One folder of a list, with $ORIGIN filled in; false when it has a name that only the loader
 * knows, or is too long. */
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

/* What lies in the place of a folder may be none: /usr/bin/x86_64 is a program. False then. */
static bool note_listing(const char *path) {
  struct deja_log_identity identity;
  const bool known = deja_identity_at(AT_FDCWD, path, 0, &identity) == 0;
  if (known && !S_ISDIR(identity.mode)) return note_library(path, ENOTDIR, &identity), false;
  deja_write(
      &NOTE(.op = DEJA_OP_LIST, .path = path, .once = true, .identity = known ? &identity : NULL));
  return true;
}

/* True: there is a folder name in folder, which is left with its name added. */
static bool enter_variant(char *folder, size_t size, size_t room, const char *name) {
  const size_t length = strlen(name);
  if (size + length + 2 > room) return false;
  folder[size] = '/';
  memcpy(folder + size + 1, name, length + 1);
  const int error = look(folder);
  if (error) note_library(folder, error, NULL);
  return error == 0 && note_listing(folder);
}

/* One in the other: tls/haswell/avx512_1/x86_64. */
enum { OLD_VARIANTS_DEEP = 4 };

static void note_old_variants(char *folder, size_t size, size_t room, int deep) {
  static const char names[] = "tls\0haswell\0xeon_phi\0avx512_1\0x86_64\0atomics\0aarch64\0";
  for (const char *n = names; deep && *n; n += strlen(n) + 1)
    if (enter_variant(folder, size, room, n))
      note_old_variants(folder, size + 1 + strlen(n), room, deep - 1);
  folder[size] = '\0';
}

/* Below each folder the loader tries some for better processors first. Which, depends on its
 * version and on the processor, so all that there have been count. */
static void note_variants(char *folder, size_t size, size_t room) {
  static const char names[] = "x86-64-v4\0x86-64-v3\0x86-64-v2\0";
  static const char all[] = "glibc-hwcaps";
  if (enter_variant(folder, size, room, all))
    for (const char *n = names; *n; n += strlen(n) + 1)
      enter_variant(folder, size + sizeof all, room, n);
  folder[size] = '\0';
  note_old_variants(folder, size, room, OLD_VARIANTS_DEEP);
}

/* True when the search for name ends in this folder. */
static bool look_in(char *folder, size_t size, size_t room, const char *name) {
  const size_t length = strlen(name);
  if (size + length + 2 > room) return false;
  folder[size] = '/';
  memcpy(folder + size + 1, name, length + 1);
  const int error = look(folder);
  if (error) note_library(folder, error, NULL);
  folder[size] = '\0';
  return error == 0;
}

/* What is looked for: name, or what object needs. */
struct search {
  const char *name;
  const struct object *object;
};

/* What has been found in a folder of the list before, of the first names of an object. */
struct found {
  uint64_t bits[4];
};

static void look_for_needed(const struct object *object, char *folder, size_t size, size_t room,
                            struct found *found) {
  unsigned n = 0;
  for (const ElfW(Dyn) *d = object->dynamic; d->d_tag != DT_NULL; ++d) {
    if (d->d_tag != DT_NEEDED) continue;
    const char *name = object->names + d->d_un.d_val;
    const bool first =
        n < 8 * sizeof found->bits; /* of the rest more is said than there is to say */
    uint64_t *word = &found->bits[first ? n / 64 : 0];
    const uint64_t bit = first ? (uint64_t)1 << (n % 64) : 0;
    ++n;
    if ((*word & bit) || strchr(name, '/')) continue;
    if (look_in(folder, size, room, name)) *word |= bit;
  }
}

/* Names of folders are put together here, not on a stack: that of a thread may be 16 KiB, and the
 * loader itself needs some of it. */
enum { FOLDER_BYTES = 4096, KNOWN_BYTES = 8192 };

static char *take_room(size_t size) {
  char *room = raw_map(size);
  if (!room) deja_lose(DEJA_LOST_NAMESPACE);
  return room;
}

static void look_for(const struct search *search, const char *list, const char *separators,
                     const char *origin) {
  char *const folder = take_room(FOLDER_BYTES);
  if (!folder) return;
  struct found found = {{0}};
  for (const char *from = list;; ++from) {
    const char *end = from + strcspn(from, separators);
    const bool known = expand(from, end, origin, folder, FOLDER_BYTES);
    const int error = known ? look(folder) : 0;
    const size_t size = known ? strlen(folder) : 0;
    if (!known)
      deja_lose(DEJA_LOST_NAMESPACE);
    else if (error)
      note_library(folder, error, NULL);
    else
      note_variants(folder, size, FOLDER_BYTES);
    if (known && !error && search->name) look_in(folder, size, FOLDER_BYTES, search->name);
    if (known && !error && !search->name)
      look_for_needed(search->object, folder, size, FOLDER_BYTES, &found);
    from = end;
    if (*from == '\0') break;
  }
  raw2(SYS_munmap, folder, FOLDER_BYTES);
}

struct inherited {
  const char *list, *origin;
};

/* The oldest kind of list is for what the object's own dependencies need, too. */
static int look_inherited(struct dl_phdr_info *info, size_t size, void *context) {
  const struct inherited *from = context;
  struct object object;
  (void)size;
  if (describe(info, &object))
    look_for(&(struct search){.object = &object}, from->list, ":", from->origin);
  return 0;
}

static int look_of_object(struct dl_phdr_info *info, size_t size, void *context) {
  const char *name = context; /* what dlopen was asked for; NULL: what each object needs */
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

/* The folders that the loader itself was built with: only it can tell. What it tells of other ones
 * is of no use, since it forgets a list of folders of which none is there. */
static void look_in_folders_of(Dl_serinfo *known, char *folder, const char *name) {
  if (NEXT(dlinfo)(_r_debug.r_map, RTLD_DI_SERINFOSIZE, known) != 0) return;
  if (known->dls_size > KNOWN_BYTES) return deja_lose(DEJA_LOST_NAMESPACE);
  if (NEXT(dlinfo)(_r_debug.r_map, RTLD_DI_SERINFO, known) != 0) return;
  for (unsigned i = 0; i < known->dls_cnt; ++i) {
    const Dl_serpath *path = &known->dls_serpath[i];
    const size_t size = strlen(path->dls_name);
    if (size >= FOLDER_BYTES) continue;
    memcpy(folder, path->dls_name, size + 1);
    note_variants(folder, size, FOLDER_BYTES);
    if (look_in(folder, size, FOLDER_BYTES, name)) return;
  }
}

static void look_in_default_folders(const char *name) {
  char *const room = take_room(KNOWN_BYTES + FOLDER_BYTES);
  if (!room) return;
  look_in_folders_of((void *)room, room + KNOWN_BYTES, name);
  raw2(SYS_munmap, room, KNOWN_BYTES + FOLDER_BYTES);
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
  look_in_default_folders(name);
}

/* --- what it loaded ------------------------------------------------------------------------------- */

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
  /* it makes its system calls itself, and what they ask for is done unseen */
  if (strstr(path, "/liburing.so")) deja_lose(DEJA_LOST_KERNEL);
  note_library(path, 0, found ? &identity : NULL);
  return 0;
}

void deja_look_at_libraries(void) {
  if (!deja_recording() || deja_is_guest()) return;
  const int saved = errno;
  unsigned long long seen = deja_state.libraries_seen;
  dl_iterate_phdr(look_again, &seen);
  if (seen != deja_state.libraries_seen || seen == 0) look_of_objects(NULL);
  deja_state.libraries_seen = seen;
  errno = saved;
}

/* A sanitizer's runtime inside the program reads files that its options name, by system calls of
 * its own. Other ones than these it has no use for. */
static void note_sanitizer(void) {
  static const char names[] =
      "ASAN_OPTIONS\0HWASAN_OPTIONS\0LSAN_OPTIONS\0MSAN_OPTIONS\0TSAN_OPTIONS\0UBSAN_OPTIONS\0";
  const char *n = names;
  while (*n && !deja_variable(n)) n += strlen(n) + 1;
  if (*n && deja_next_has("__sanitizer_print_stack_trace")) deja_lose(DEJA_LOST_NAMESPACE);
}

/* What it read before anybody could look. */
void deja_note_loader(void) {
  note_open("/etc/ld.so.preload");
  deja_note_variable("LD_LIBRARY_PATH");
  deja_note_variable("LD_PRELOAD");
  deja_state.library_path = deja_variable("LD_LIBRARY_PATH");
  note_sanitizer();
  deja_look_at_libraries();
}
