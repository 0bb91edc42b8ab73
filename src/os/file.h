// SPDX-License-Identifier: Apache-2.0
// Files and directories. Every function names the path in its error. Paths are raw bytes; relative
// paths are relative to the process (the engine only ever passes absolute ones).
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace deja::os {

// What stat(2) says about a file at one moment. Two equal identities taken at different times mean "not
// changed in between", within the resolution of the file clock (docs/traps/racy-timestamps.md).
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint32_t mode = 0;   // type and permission bits
  std::uint32_t links = 0;  // not part of ==: a new hard link does not change the content
  std::uint32_t owner = 0;  // user id; not part of ==: its change moves ctime
  std::uint32_t group = 0;  // as the owner

  bool operator==(const FileIdentity& o) const {
    return device == o.device && inode == o.inode && size == o.size && mtime_ns == o.mtime_ns &&
           ctime_ns == o.ctime_ns && mode == o.mode;
  }
  bool is_regular() const { return S_ISREG(mode); }
  bool is_directory() const { return S_ISDIR(mode); }
  bool is_symlink() const { return S_ISLNK(mode); }
  std::int64_t newest_ns() const { return mtime_ns > ctime_ns ? mtime_ns : ctime_ns; }
};

FileIdentity identity_of(const struct stat& st);
enum class Links { follow, keep };  // stat or lstat
// True if a program of this name runs with more rights than its caller (setuid, setgid, file
// capabilities).
bool gains_rights(const std::string& path);
// Empty if there is no such file (ENOENT, ENOTDIR; also ELOOP and ENAMETOOLONG: no tool can read such
// a path either).
Result<std::optional<FileIdentity>> stat_file(const std::string& path, Links links = Links::follow);
// Only for ENOENT: gcc complains of a search directory that is missing for another reason.
bool is_missing(const std::string& path);
Result<FileIdentity> stat_fd(const Fd& fd);
// True for a memory file that is sealed with F_SEAL_SHRINK.
bool cannot_shrink(const Fd& fd);
// The inode's generation (FS_IOC_GETVERSION), which differs between files that have used the same inode
// number. 0 if the file system does not report it.
std::uint32_t generation_of(const Fd& fd);

Result<Fd> open_read(const std::string& path);
// Empty if there is no such file.
Result<std::optional<Fd>> open_read_if_exists(const std::string& path);
// O_CREAT|O_EXCL; sets exactly this mode, independent of the umask.
Result<Fd> create_file(const std::string& path, mode_t mode);
// Reads at offset, independent of the file offset; fewer than size bytes only at the end.
Result<std::size_t> read_at(const Fd& fd, std::uint64_t offset, char* out, std::size_t size);
Result<std::string> read_fd(const Fd& fd, std::uint64_t limit_bytes);
Result<std::string> read_file(const std::string& path, std::uint64_t limit_bytes = 1ULL << 30);
Result<std::optional<std::string>> read_file_if_exists(const std::string& path,
                                                       std::uint64_t limit_bytes = 1ULL << 30);
Status write_fd(const Fd& fd, std::string_view bytes);
Status sync_fd(const Fd& fd);
Status set_mode(const Fd& fd, mode_t mode);
Status change_mode(const std::string& path, mode_t mode);  // follows no symlink of that name

// Writes a temporary file and renames it: readers see the old or the new bytes, never a mix.
Status write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode = 0600);
Status rename_file(const std::string& from, const std::string& to);
Status make_symlink(const std::string& text, const std::string& path);
// True if access(2) allows this process to write. Empty: there is no such file.
std::optional<bool> is_writable(const std::string& path);
// False: there was nothing to remove.
Result<bool> remove_file(const std::string& path);
// Success if it exists. A new directory gets exactly this mode, independent of the umask; only the
// setgid bit is inherited from the parent, as mkdir(2) does it.
Status make_directory(const std::string& path, mode_t mode = 0700);
Status make_directories(const std::string& path, mode_t mode = 0700);  // with all parents
Status remove_empty_directory(const std::string& path);
Status remove_tree(const std::string& path);  // never follows symlinks
struct Entry {
  std::string name;
  mode_t type = 0;  // S_IFREG, S_IFDIR, S_IFLNK…
};
Result<std::vector<Entry>> list_entries(const std::string& path);          // sorted, no . and ..
Result<std::vector<std::string>> list_directory(const std::string& path);  // their names
Result<std::optional<std::string>> read_symlink(const std::string& path);  // empty: not a symlink
// Does the way to this absolute path lead through /proc (/proc/self/cwd, /dev/fd/3, a symlink to one)?
// Such a name means something else in another process.
bool leads_through_proc(const std::string& path);
Result<std::string> real_path(const std::string& path);

// How the bytes were copied; cheapest first.
enum class CopyKind { reflink, copied };
// Copies all of source to target (an empty file opened for writing).
Result<CopyKind> copy_contents(const Fd& source, const Fd& target);

struct DiskSpace {
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
};
Result<DiskSpace> disk_space(const std::string& path);

}  // namespace deja::os
