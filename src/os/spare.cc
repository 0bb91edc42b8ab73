// SPDX-License-Identifier: Apache-2.0
// The rename decides between processes that want the same spare, and only the winner may change the file's mode and
// times. What it has moved is compared with what it looked at: another spare may have taken the name in between.
#include "os/spare.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "os/places.h"
#include "os/text_buffer.h"

namespace deja::os {
namespace {

constexpr std::size_t kIdentityMax = 128;

std::uint64_t nanoseconds(const struct timespec& t) {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(t.tv_nsec);
}

void write_identity(const struct stat& st, TextBuffer& text) {
  const std::uint64_t facts[] = {st.st_dev,
                                 st.st_ino,
                                 static_cast<std::uint64_t>(st.st_size),
                                 st.st_mode,
                                 nanoseconds(st.st_mtim),
                                 nanoseconds(st.st_ctim)};
  for (const std::uint64_t fact : facts) text.add_number(fact, 16).add(".");
}

bool write_id_path(const char* spare, TextBuffer& path) {
  return path.add(spare).add(".id").fits();
}

bool is_same(const struct stat& a, const char* path) {
  struct stat b = {};
  return ::lstat(path, &b) == 0 && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         nanoseconds(a.st_mtim) == nanoseconds(b.st_mtim);
}

bool is_as_offered(const struct stat& st, const char* id_path) {
  char offered[kIdentityMax], now[kIdentityMax];
  TextBuffer text(now, sizeof(now));
  write_identity(st, text);
  const ssize_t length = ::readlink(id_path, offered, sizeof(offered));
  return text.fits() && length == text.length() &&
         std::memcmp(offered, now, static_cast<std::size_t>(length)) == 0;
}

bool is_sound(const char* spare, const char* id_path, struct stat& st) {
  return ::lstat(spare, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
         st.st_uid == ::geteuid() && is_as_offered(st, id_path);
}

// Would a file that is made in the directory of `to` have the group and the rights of this one? acl(5): a default ACL
// takes the umask's place. inode(7): a directory with the setgid bit passes its group on, and so do all directories of
// some mounts (grpid, mount(8)), so the groups are compared.
bool is_as_made_for(const struct stat& st, const char* to) {
  char directory[kPlaceMax];
  const std::string_view path = to;
  TextBuffer text(directory, sizeof(directory));
  if (!text.add(path.substr(0, path.rfind('/') + 1)).fits()) return false;
  struct stat parent = {};
  return ::stat(directory, &parent) == 0 && parent.st_dev == st.st_dev &&
         parent.st_gid == st.st_gid &&
         ::getxattr(directory, "system.posix_acl_default", nullptr, 0) < 0;
}

}  // namespace

bool offer_spare(const char* spare) {
  char id_path[kPlaceMax], identity[kIdentityMax];
  TextBuffer path(id_path, sizeof(id_path)), text(identity, sizeof(identity));
  struct stat st = {};
  // A label is an extended attribute that the kernel derives from the directory (security.selinux, xattr(7)).
  if (!write_id_path(spare, path) || ::llistxattr(spare, nullptr, 0) > 0 ||
      ::lstat(spare, &st) != 0)
    return false;
  write_identity(st, text);
  ::unlink(id_path);
  return text.fits() && ::symlink(identity, id_path) == 0;
}

bool is_offered(const char* spare) {
  char id_path[kPlaceMax];
  TextBuffer path(id_path, sizeof(id_path));
  struct stat st = {};
  return write_id_path(spare, path) && is_sound(spare, id_path, st);
}

bool take_spare(const char* spare, const char* to, mode_t mode) {
  char id_path[kPlaceMax];
  TextBuffer path(id_path, sizeof(id_path));
  struct stat st = {};
  if (!write_id_path(spare, path) || !is_sound(spare, id_path, st) || !is_as_made_for(st, to) ||
      ::rename(spare, to) != 0)
    return false;
  ::unlink(id_path);
  if (is_same(st, to) && ::chmod(to, mode) == 0 && ::utimensat(AT_FDCWD, to, nullptr, 0) == 0)
    return true;
  ::unlink(to);
  return false;
}

}  // namespace deja::os
