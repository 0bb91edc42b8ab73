// SPDX-License-Identifier: Apache-2.0
// An open directory, and what is in it by name. No symlink in it is followed: for directories in which others
// may write. Names hold no slash. Thread-safe; errors name the directory's path and the entry.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/fd.h"
#include "os/file.h"

namespace deja::os {

class Directory {
 public:
  // Empty: there is none. Symlinks on the way are followed.
  static Result<std::optional<Directory>> open(const std::string& path);

  const std::string& path() const { return path_; }
  Result<FileIdentity> identity() const { return stat_fd(fd_); }

  // Empty: there is none. An error if the name is a symlink or no directory.
  Result<std::optional<Directory>> enter(const std::string& name) const;
  // With exactly this mode, whatever the umask; success if it is there.
  Status make(const std::string& name, mode_t mode) const;
  // A regular file, for reading. Empty: there is none, or it is something else.
  Result<std::optional<Fd>> open_file(const std::string& name) const;
  // A new file with exactly this mode.
  Result<Fd> create(const std::string& name, mode_t mode) const;
  // Replaces what is there.
  Status rename(const std::string& name, const Directory& to, const std::string& new_name) const;
  // A second name. False: new_name is there.
  Result<bool> link(const std::string& name, const Directory& to,
                    const std::string& new_name) const;
  // A file or a symlink. False: there was none.
  Result<bool> remove(const std::string& name) const;
  // Of the entry itself. Empty: there is none.
  Result<std::optional<FileIdentity>> stat(const std::string& name) const;
  // In no order, without . and ..
  Result<std::vector<std::string>> list() const;

 private:
  Directory(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  std::string at(std::string_view name) const;

  Fd fd_;
  std::string path_;
};

}  // namespace deja::os
