// SPDX-License-Identifier: Apache-2.0
#include "os/places.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>

#include "os/text_buffer.h"

namespace deja::os {
namespace {

constexpr std::size_t kAddressMax = 107;  // unix(7): sun_path is 108 bytes with its NUL

std::uint64_t fnv64(std::string_view text) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h;
}

}  // namespace

long cache_dir(const PlaceVariables& v, std::string_view cwd, char* out) {
  TextBuffer text(out, kPlaceMax);
  if (!v.deja_dir.empty()) {
    if (!v.deja_dir.starts_with('/')) text.add(cwd).add("/");
    text.add(v.deja_dir);
  } else if (v.xdg_cache_home.starts_with('/')) {
    text.add(v.xdg_cache_home).add("/deja");
  } else if (v.home.starts_with('/')) {
    text.add(v.home).add("/.cache/deja");
  } else {
    return -1;
  }
  long n = text.length();
  while (n > 1 && out[n - 1] == '/') out[--n] = '\0';
  return n;
}

long socket_path(const PlaceVariables& v, std::string_view cache_dir, char* out) {
  long n = TextBuffer(out, kPlaceMax).add(cache_dir).add("/daemon.sock").length();
  if (n >= 0 && static_cast<std::size_t>(n) <= kAddressMax) return n;
  const std::uint64_t hash = fnv64(cache_dir);
  if (v.xdg_runtime_dir.starts_with('/')) {
    n = TextBuffer(out, kPlaceMax)
            .add(v.xdg_runtime_dir)
            .add("/deja/")
            .add_number(hash, 16)
            .add(".sock")
            .length();
    if (n >= 0 && static_cast<std::size_t>(n) <= kAddressMax) return n;
  }
  const std::string_view tmp = v.tmpdir.starts_with('/') ? v.tmpdir : std::string_view("/tmp");
  n = TextBuffer(out, kPlaceMax)
          .add(tmp)
          .add("/deja-")
          .add_number(::geteuid(), 10)
          .add("/")
          .add_number(hash, 16)
          .add(".sock")
          .length();
  return n >= 0 && static_cast<std::size_t>(n) <= kAddressMax ? n : -1;
}

bool make_private_dir(const char* dir) {
  if (::mkdir(dir, 0700) == 0) return true;
  struct stat st;
  return ::lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == ::geteuid() &&
         (st.st_mode & 077) == 0;
}

}  // namespace deja::os
