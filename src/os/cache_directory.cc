// SPDX-License-Identifier: Apache-2.0
// Uses system calls and fixed buffers only, because the client links this file. The directory is opened once
// and examined through its descriptor. Tested by cache_directory_test.cc.
#include "os/cache_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "os/fd.h"
#include "os/io.h"
#include "os/places.h"
#include "os/text_buffer.h"

namespace deja::os {
namespace {

// This mark also makes backup programs skip the directory: https://bford.info/cachedir/
constexpr std::string_view kTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n# The cache of deja, a build cache.\n";
constexpr const char* kTagName = "CACHEDIR.TAG";
// A store's format file begins with this (store/layout.h). It was the mark before CACHEDIR.TAG.
constexpr std::string_view kStoreMark = "deja store ";

bool begins_with(const Fd& dir, const char* name, std::string_view text) {
  const Fd fd(::openat(dir.get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  char head[128];
  return fd && text.size() <= sizeof(head) &&
         read_exactly(fd.get(), head, text.size()) == static_cast<ssize_t>(text.size()) &&
         std::memcmp(head, text.data(), text.size()) == 0;
}

bool is_marked(const Fd& dir) {
  return begins_with(dir, kTagName, kTag) || begins_with(dir, "format", kStoreMark);
}

// The layout of an entry from getdents64(2).
struct DirectoryEntry {
  unsigned long long inode;
  long long offset;
  unsigned short size;
  unsigned char type;
  char name[1];
};

// Names that another client creates before it writes the mark.
bool is_made_before_mark(std::string_view name) {
  return name == "." || name == ".." || name.starts_with(kTagName) || name.starts_with("daemon.");
}

bool is_empty(const Fd& dir) {
  alignas(DirectoryEntry) char buffer[4096];
  for (;;) {
    const long n = ::syscall(SYS_getdents64, dir.get(), buffer, sizeof(buffer));
    if (n <= 0) return n == 0;
    for (long at = 0; at < n;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
      const std::string_view name = entry->name;
      if (!is_made_before_mark(name)) return false;
      at += entry->size;
    }
  }
}

// Root creates nothing in a user's directory: the user could not remove it.
CacheDirectory look_above(const char* dir) {
  char path[kPlaceMax];
  std::string_view rest = dir;
  for (;;) {
    rest = rest.substr(0, rest.rfind('/'));
    if (!TextBuffer(path, sizeof(path)).add(rest.empty() ? "/" : rest).fits())
      return CacheDirectory::unusable;
    struct stat st;
    if (::stat(path, &st) == 0) {
      if (!S_ISDIR(st.st_mode)) return CacheDirectory::unusable;
      return st.st_uid == ::geteuid() || st.st_uid == 0 ? CacheDirectory::absent
                                                        : CacheDirectory::of_others;
    }
    if (errno != ENOENT || rest.empty()) return CacheDirectory::unusable;
  }
}

CacheDirectory look(const char* dir, Fd& opened) {
  opened = Fd(::open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return errno == ENOENT ? look_above(dir) : CacheDirectory::unusable;
  struct stat st;
  if (::fstat(opened.get(), &st) != 0) return CacheDirectory::unusable;
  if (st.st_uid != ::geteuid()) return CacheDirectory::of_others;
  if (is_marked(opened)) return CacheDirectory::ours;
  if (is_empty(opened)) return CacheDirectory::absent;
  // Another client may have marked and filled it since.
  return is_marked(opened) ? CacheDirectory::ours : CacheDirectory::not_a_cache;
}

bool make_with_parents(const char* dir) {
  char path[kPlaceMax];
  if (!TextBuffer(path, sizeof(path)).add(dir).fits()) return false;
  for (char* at = path + 1; *at != '\0'; ++at) {
    if (*at != '/') continue;
    *at = '\0';
    ::mkdir(path, 0700);
    *at = '/';
  }
  return ::mkdir(path, 0700) == 0 || errno == EEXIST;
}

// Writes under a temporary name first: a mark that exists is complete.
bool mark(const Fd& dir) {
  char name[64];
  TextBuffer(name, sizeof(name))
      .add(kTagName)
      .add(".")
      .add_number(static_cast<unsigned>(::getpid()), 10);
  const Fd fd(
      ::openat(dir.get(), name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return false;
  const bool written = write_all(fd.get(), kTag.data(), kTag.size()) == 0 &&
                       ::renameat(dir.get(), name, dir.get(), kTagName) == 0;
  if (!written) ::unlinkat(dir.get(), name, 0);
  return written;
}

}  // namespace

CacheDirectory look_at_cache_directory(const char* dir) {
  Fd opened;
  return look(dir, opened);
}

CacheDirectory claim_cache_directory(const char* dir) {
  Fd opened;
  CacheDirectory found = look(dir, opened);
  if (found != CacheDirectory::absent) return found;
  if (!opened) {
    if (!make_with_parents(dir)) return CacheDirectory::unusable;
    found = look(dir, opened);
    if (found != CacheDirectory::absent) return found;
  }
  return opened && mark(opened) ? CacheDirectory::ours : CacheDirectory::unusable;
}

bool mark_cache_directory(const char* dir) {
  Fd opened;
  return look(dir, opened) == CacheDirectory::ours && mark(opened);
}

const char* describe(CacheDirectory claim) {
  switch (claim) {
    case CacheDirectory::ours:
    case CacheDirectory::absent:
      return "";
    case CacheDirectory::of_others:
      return "it, or the directory above it, belongs to another user: set DEJA_DIR";
    case CacheDirectory::not_a_cache:
      return "it holds other things than deja's cache: set DEJA_DIR to a new directory";
    case CacheDirectory::unusable:
      return "it is not a directory, or it cannot be created or written: set DEJA_DIR";
  }
  return "";
}

}  // namespace deja::os
