// SPDX-License-Identifier: Apache-2.0
// The *at() calls with O_NOFOLLOW, so that the path is walked one component at a time: with a whole path, somebody
// who may write in one of the directories could put a symlink in the way between a check and the call.
#include "os/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "base/path.h"
#include "os/failpoint.h"
#include "os/interrupted.h"

namespace deja::os {
namespace {

// Passes a failpoint if the call changes something, then makes it; EINTR is retried for a while.
enum class Effect { looks, changes };
template <typename Call>
auto run(Effect effect, Call call) -> decltype(call()) {
  if (effect == Effect::changes) {
    if (const int injected = failpoint(); injected != 0) {
      errno = injected;
      return -1;
    }
  }
  for (Interruptions interruptions;;) {
    const auto r = call();
    if (r >= 0 || !interruptions.again()) return r;
  }
}

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

}  // namespace

std::string Directory::at(std::string_view name) const { return join_path(path_, name); }

Result<std::optional<Directory>> Directory::open(const std::string& path) {
  Fd fd(run(Effect::looks, [&] { return ::open(path.c_str(), kOpenDirectory); }));
  if (fd) return std::optional(Directory(std::move(fd), path));
  if (errno == ENOENT) return std::optional<Directory>();
  return sys_error("open", path);
}

Result<std::optional<Directory>> Directory::enter(const std::string& name) const {
  Fd fd(run(Effect::looks,
            [&] { return ::openat(fd_.get(), name.c_str(), kOpenDirectory | O_NOFOLLOW); }));
  if (fd) return std::optional(Directory(std::move(fd), at(name)));
  if (errno == ENOENT) return std::optional<Directory>();
  return sys_error("open", at(name));
}

Status Directory::make(const std::string& name, mode_t mode) const {
  if (run(Effect::changes, [&] { return ::mkdirat(fd_.get(), name.c_str(), 0700); }) != 0)
    return errno == EEXIST ? Status() : Status(sys_error("mkdir", at(name)));
  const Fd made(run(Effect::looks, [&] {
    return ::openat(fd_.get(), name.c_str(), kOpenDirectory | O_NOFOLLOW);
  }));
  if (!made) return sys_error("open", at(name));
  if (::fchmod(made.get(), mode) != 0) return sys_error("chmod", at(name));
  return {};
}

Result<std::optional<Fd>> Directory::open_file(const std::string& name) const {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  Fd fd(run(Effect::looks, [&] {
    return ::openat(fd_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  }));
  if (!fd) {
    if (errno == ENOENT || errno == ELOOP || errno == ENXIO) return std::optional<Fd>();
    return sys_error("open", at(name));
  }
  if (!TRY(stat_fd(fd)).is_regular()) return std::optional<Fd>();
  return std::optional(std::move(fd));
}

Result<Fd> Directory::create(const std::string& name, mode_t mode) const {
  Fd fd(run(Effect::changes, [&] {
    return ::openat(fd_.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
  }));
  if (!fd) return sys_error("create", at(name));
  if (::fchmod(fd.get(), mode) != 0) return sys_error("chmod", at(name));
  return fd;
}

Status Directory::rename(const std::string& name, const Directory& to,
                         const std::string& new_name) const {
  if (run(Effect::changes,
          [&] { return ::renameat(fd_.get(), name.c_str(), to.fd_.get(), new_name.c_str()); }) != 0)
    return sys_error("rename", at(name) + " to " + to.at(new_name));
  return {};
}

Result<bool> Directory::link(const std::string& name, const Directory& to,
                             const std::string& new_name) const {
  if (run(Effect::changes, [&] {
        return ::linkat(fd_.get(), name.c_str(), to.fd_.get(), new_name.c_str(), 0);
      }) == 0)
    return true;
  if (errno == EEXIST) return false;
  return sys_error("link", at(name) + " to " + to.at(new_name));
}

Result<bool> Directory::remove(const std::string& name) const {
  if (run(Effect::changes, [&] { return ::unlinkat(fd_.get(), name.c_str(), 0); }) == 0)
    return true;
  if (errno == ENOENT) return false;
  return sys_error("unlink", at(name));
}

Result<std::optional<FileIdentity>> Directory::stat(const std::string& name) const {
  struct stat st = {};
  if (run(Effect::looks,
          [&] { return ::fstatat(fd_.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW); }) == 0)
    return std::optional(identity_of(st));
  if (errno == ENOENT) return std::optional<FileIdentity>();
  return sys_error("stat", at(name));
}

Result<std::vector<std::string>> Directory::list() const {
  // A descriptor of its own: the position is part of the open file, and threads may list at once.
  const int fd = ::openat(fd_.get(), ".", kOpenDirectory);
  if (fd < 0) return sys_error("open", path_);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd), ::closedir);
  if (!stream) {
    ::close(fd);
    return sys_error("fdopendir", path_);
  }
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const struct dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) {
      if (errno != 0) return sys_error("readdir", path_);
      return names;
    }
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
}

}  // namespace deja::os
