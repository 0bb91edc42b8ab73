// Files and folders. Every function names the path in its error. Paths are raw bytes; relative
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

// What the kernel says a file is at one moment. Two equal identities taken at different times mean
// "not changed in between", within the grain of the clock (see docs/traps/racy-timestamps.md).
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
// Does a program of this name run with more rights than whoever starts it (setuid, setgid, file
// capabilities)?
bool gains_rights(const std::string& path);
// Empty when there is nothing of that name (ENOENT, ENOTDIR, also ELOOP and ENAMETOOLONG: no tool
// can read such a path either).
Result<std::optional<FileIdentity>> stat_file(const std::string& path, Links links = Links::follow);
// Only for ENOENT: gcc complains of a search directory that is missing for another reason.
bool is_missing(const std::string& path);
Result<FileIdentity> stat_fd(const Fd& fd);
// Is it a memory file that is sealed against being cut short?
bool cannot_shrink(const Fd& fd);
// Tells files apart that had the same inode number one after the other (ioctl_getversion, fs.h); 0
// where the file system does not say.
std::uint32_t generation_of(const Fd& fd);

Result<Fd> open_read(const std::string& path);
// Empty when there is nothing of that name.
Result<std::optional<Fd>> open_read_if_exists(const std::string& path);
// O_CREAT|O_EXCL; the mode is exact, whatever the umask.
Result<Fd> create_file(const std::string& path, mode_t mode);
// Reads at offset, whatever the descriptor's position; fewer than size bytes only at the end.
Result<std::size_t> read_at(const Fd& fd, std::uint64_t offset, char* out, std::size_t size);
Result<std::string> read_fd(const Fd& fd, std::uint64_t limit_bytes);
Result<std::string> read_file(const std::string& path, std::uint64_t limit_bytes = 1ULL << 30);
Result<std::optional<std::string>> read_file_if_exists(const std::string& path,
                                                       std::uint64_t limit_bytes = 1ULL << 30);
Status write_fd(const Fd& fd, std::string_view bytes);
Status sync_fd(const Fd& fd);
Status set_mode(const Fd& fd, mode_t mode);
Status change_mode(const std::string& path, mode_t mode);  // of no symlink

// Writes temp + rename in the folder of path: readers see the old or the new bytes, never a mix.
Status write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode = 0600);
Status rename_file(const std::string& from, const std::string& to);
// False when to exists already.
Result<bool> link_file(const std::string& from, const std::string& to);
Status make_symlink(const std::string& text, const std::string& path);
// May this process write to the file, as access(2) sees it? Empty: there is none.
std::optional<bool> is_writable(const std::string& path);
// False when there was nothing to remove.
Result<bool> remove_file(const std::string& path);
// Existing is fine. The mode of one that is made here is exact, whatever the umask; but whether its
// files get its group is inherited, as everybody's is.
Status make_directory(const std::string& path, mode_t mode = 0700);
Status make_directories(const std::string& path, mode_t mode = 0700);  // with all parents
Status remove_empty_directory(const std::string& path);
Status remove_tree(const std::string& path);                               // never follows symlinks
Result<std::vector<std::string>> list_directory(const std::string& path);  // sorted, no . and ..
Result<std::optional<std::string>> read_symlink(const std::string& path);  // empty: not a symlink
// Does the way to this absolute path lead through /proc (/proc/self/cwd, /dev/fd/3, a symlink to one)?
// Such a name means something else in another process.
bool leads_through_proc(const std::string& path);
Result<std::string> real_path(const std::string& path);

// How bytes got from one file to the other; cheapest first.
enum class CopyKind { reflink, copied };
// Copies all of source to target (an empty file opened for writing).
Result<CopyKind> copy_contents(const Fd& source, const Fd& target);

struct DiskSpace {
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
};
Result<DiskSpace> disk_space(const std::string& path);

}  // namespace deja::os
