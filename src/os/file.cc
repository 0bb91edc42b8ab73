// SPDX-License-Identifier: Apache-2.0
// "Absent" is a value here and not an error: means_absent() lists the errnos. Calls that change something
// pass a failpoint (checked()), and calls that look at files count as work (os/work.h).
#include "os/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <memory>

#include "base/path.h"
#include "os/clock.h"
#include "os/failpoint.h"
#include "os/interrupted.h"
#include "os/io.h"
#include "os/work.h"

namespace deja::os {
namespace {

bool means_absent(int sys_errno) {
  return sys_errno == ENOENT || sys_errno == ENOTDIR || sys_errno == ELOOP ||
         sys_errno == ENAMETOOLONG;
}

// Passes a failpoint, then makes the call; EINTR is retried for a while. Negative: failed, errno set.
template <typename Call>
auto checked(Call call) -> decltype(call()) {
  if (const int injected = failpoint(); injected != 0) {
    errno = injected;
    return -1;
  }
  for (Interruptions interruptions;;) {
    const auto r = call();
    if (r >= 0 || !interruptions.again()) return r;
  }
}

}  // namespace

FileIdentity identity_of(const struct stat& st) {
  FileIdentity id;
  id.device = st.st_dev;
  id.inode = st.st_ino;
  id.size = static_cast<std::uint64_t>(st.st_size);
  id.mtime_ns = st.st_mtim.tv_sec * kNsPerSecond + st.st_mtim.tv_nsec;
  id.ctime_ns = st.st_ctim.tv_sec * kNsPerSecond + st.st_ctim.tv_nsec;
  id.mode = st.st_mode;
  id.links = static_cast<std::uint32_t>(st.st_nlink);
  id.owner = st.st_uid;
  id.group = st.st_gid;
  return id;
}

Status change_mode(const std::string& path, mode_t mode) {
  if (::fchmodat(AT_FDCWD, path.c_str(), mode, 0) != 0) return sys_error("chmod", path);
  return {};
}

Result<std::optional<FileIdentity>> stat_file(const std::string& path, Links links) {
  note_work();
  struct stat st;
  const int r = links == Links::follow ? ::stat(path.c_str(), &st) : ::lstat(path.c_str(), &st);
  if (r == 0) return std::optional(identity_of(st));
  if (means_absent(errno)) return std::optional<FileIdentity>();
  return sys_error("stat", path);
}

bool is_missing(const std::string& path) {
  note_work();
  struct stat st;
  return ::stat(path.c_str(), &st) != 0 && errno == ENOENT;
}

bool gains_rights(const std::string& path) {
  struct stat st;
  if (::stat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return false;
  if ((st.st_mode & (S_ISUID | S_ISGID)) != 0) return true;
  return ::getxattr(path.c_str(), "security.capability", nullptr, 0) >= 0;
}

Result<FileIdentity> stat_fd(const Fd& fd) {
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) return sys_error("fstat");
  return identity_of(st);
}

bool cannot_shrink(const Fd& fd) {
  const int seals = ::fcntl(fd.get(), F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
}

std::uint32_t generation_of(const Fd& fd) {
  std::uint64_t generation = 0;  // the kernel writes an int, whatever the request's name says
  if (::ioctl(fd.get(), FS_IOC_GETVERSION, &generation) != 0) return 0;
  return static_cast<std::uint32_t>(generation);
}

Result<std::optional<Fd>> open_read_if_exists(const std::string& path) {
  // O_NONBLOCK: opening a FIFO of that name must not hang.
  const int fd = checked([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); });
  if (fd >= 0) return std::optional<Fd>(Fd(fd));
  if (means_absent(errno)) return std::optional<Fd>();
  return sys_error("open", path);
}

Result<Fd> open_read(const std::string& path) {
  auto fd = TRY(open_read_if_exists(path));
  if (!fd) return sys_error_code(ENOENT, "open", path);
  return *std::move(fd);
}

Result<Fd> create_file(const std::string& path, mode_t mode) {
  const int fd = checked(
      [&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode & 07777); });
  if (fd < 0) return sys_error("create", path);
  Fd owned(fd);
  if (auto set = set_mode(owned, mode); !set) {
    ::unlink(path.c_str());  // the caller gets an error and so cannot remove it
    return std::move(set).error().context(path);
  }
  return owned;
}

Result<std::size_t> read_at(const Fd& fd, std::uint64_t offset, char* out, std::size_t size) {
  note_work();
  std::size_t have = 0;
  Interruptions interruptions;
  while (have < size) {
    const ssize_t n = ::pread(fd.get(), out + have, size - have, static_cast<off_t>(offset + have));
    if (n < 0 && interruptions.again()) continue;
    if (n < 0) return sys_error("read");
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  return have;
}

Result<std::string> read_fd(const Fd& fd, std::uint64_t limit_bytes) {
  std::string out;
  const FileIdentity id = TRY(stat_fd(fd));
  if (id.size > limit_bytes)
    return Error{Code::invalid, 0,
                 "the file is larger than " + std::to_string(limit_bytes) + " bytes"};
  // One byte more than expected, so that one read also sees the end. Never a small buffer: files of
  // /proc have size 0, and sysctl files return their content to the first read only.
  out.resize(std::max<std::uint64_t>(id.size + 1, 4096));
  std::size_t have = 0;
  for (;;) {
    const ssize_t got = read_some(fd.get(), out.data() + have, out.size() - have);
    if (got < 0) return sys_error_code(static_cast<int>(-got), "read");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
    if (have > limit_bytes)
      return Error{Code::invalid, 0,
                   "the file is larger than " + std::to_string(limit_bytes) + " bytes"};
    if (have == out.size()) out.resize(out.size() * 2);
  }
  out.resize(have);
  return out;
}

Result<std::optional<std::string>> read_file_if_exists(const std::string& path,
                                                       std::uint64_t limit_bytes) {
  auto fd = TRY(open_read_if_exists(path));
  if (!fd) return std::optional<std::string>();
  auto bytes = read_fd(*fd, limit_bytes);
  if (!bytes) return std::move(bytes).error().context(path);
  return std::optional<std::string>(*std::move(bytes));
}

Result<std::string> read_file(const std::string& path, std::uint64_t limit_bytes) {
  auto bytes = TRY(read_file_if_exists(path, limit_bytes));
  if (!bytes) return sys_error_code(ENOENT, "open", path);
  return *std::move(bytes);
}

Status write_fd(const Fd& fd, std::string_view bytes) {
  if (const int injected = failpoint(); injected != 0) return sys_error_code(injected, "write");
  if (const int r = write_all(fd.get(), bytes.data(), bytes.size()); r != 0)
    return sys_error_code(-r, "write");
  return {};
}

Status sync_fd(const Fd& fd) {
  if (checked([&] { return ::fdatasync(fd.get()); }) != 0) return sys_error("fdatasync");
  return {};
}

Status set_mode(const Fd& fd, mode_t mode) {
  if (checked([&] { return ::fchmod(fd.get(), mode & 07777); }) != 0) return sys_error("chmod");
  return {};
}

Status write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode) {
  static std::atomic<unsigned> serial{0};
  const std::string temp =
      path + ".tmp" + std::to_string(::getpid()) + "." + std::to_string(serial++);
  Fd fd = TRY(create_file(temp, mode));
  auto done = write_fd(fd, bytes);
  if (done) done = rename_file(temp, path);
  if (!done) {
    ::unlink(temp.c_str());
    return std::move(done).error().context(path);
  }
  return {};
}

Status rename_file(const std::string& from, const std::string& to) {
  if (checked([&] { return ::rename(from.c_str(), to.c_str()); }) != 0)
    return sys_error("rename to", to);
  return {};
}

Status make_symlink(const std::string& text, const std::string& path) {
  if (checked([&] { return ::symlink(text.c_str(), path.c_str()); }) != 0)
    return sys_error("symlink", path);
  return {};
}

std::optional<bool> is_writable(const std::string& path) {
  if (::access(path.c_str(), W_OK) == 0) return true;
  if (means_absent(errno)) return std::nullopt;
  return false;
}

Result<bool> remove_file(const std::string& path) {
  if (checked([&] { return ::unlink(path.c_str()); }) == 0) return true;
  if (means_absent(errno)) return false;
  return sys_error("unlink", path);
}

Status make_directory(const std::string& path, mode_t mode) {
  if (checked([&] { return ::mkdir(path.c_str(), mode & 0700); }) != 0)
    return errno == EEXIST ? Status() : sys_error("mkdir", path);
  struct stat st;
  if (::stat(path.c_str(), &st) != 0) return sys_error("stat", path);
  const mode_t exact = (mode & ~mode_t{S_ISGID}) | (st.st_mode & S_ISGID);
  if (checked([&] { return ::chmod(path.c_str(), exact); }) != 0) return sys_error("chmod", path);
  return {};
}

Status make_directories(const std::string& path, mode_t mode) {
  const auto there = stat_file(path);
  if (there && *there && (*there)->is_directory()) return {};
  const std::string parent(parent_path(path));
  if (!parent.empty() && parent != path) TRY(make_directories(parent, mode));
  return make_directory(path, mode);
}

Status remove_empty_directory(const std::string& path) {
  if (checked([&] { return ::rmdir(path.c_str()); }) != 0) return sys_error("rmdir", path);
  return {};
}

// readdir(3): not every file system tells the type.
Result<std::vector<Entry>> list_entries(const std::string& path) {
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), ::closedir);
  if (!dir) return sys_error("opendir", path);
  std::vector<Entry> entries;
  for (;;) {
    errno = 0;
    const struct dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) {
      if (errno != 0) return sys_error("readdir", path);
      break;
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    mode_t type = DTTOIF(entry->d_type);
    if (struct stat st = {};
        entry->d_type == DT_UNKNOWN &&
        ::fstatat(::dirfd(dir.get()), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
      type = st.st_mode & S_IFMT;
    entries.push_back({std::string(name), type});
  }
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  std::vector<std::string> names;
  for (Entry& entry : TRY(list_entries(path))) names.push_back(std::move(entry.name));
  return names;
}

Status remove_tree(const std::string& path) {
  const auto id = TRY(stat_file(path, Links::keep));
  if (!id) return {};
  if (!id->is_directory()) {
    TRY(remove_file(path));
    return {};
  }
  // Other processes may still create files in a directory that is being removed; a few rounds remove
  // these too.
  constexpr int kRounds = 16;
  for (int round = 1;; ++round) {
    for (const std::string& name : TRY(list_directory(path)))
      TRY(remove_tree(join_path(path, name)));
    if (checked([&] { return ::rmdir(path.c_str()); }) == 0 || errno == ENOENT) return {};
    if (errno != ENOTEMPTY || round == kRounds) return sys_error("rmdir", path);
  }
}

Result<std::optional<std::string>> read_symlink(const std::string& path) {
  std::string text(256, '\0');
  for (;;) {
    const ssize_t n = ::readlink(path.c_str(), text.data(), text.size());
    if (n < 0) {
      if (errno == EINVAL || means_absent(errno)) return std::optional<std::string>();
      return sys_error("readlink", path);
    }
    if (static_cast<std::size_t>(n) < text.size()) {
      text.resize(static_cast<std::size_t>(n));
      return std::optional(std::move(text));
    }
    text.resize(text.size() * 2);
  }
}

// The kernel knows the name of what is open: three calls, where realpath asks for each component.
bool leads_through_proc(const std::string& path) {
  constexpr int kSymlinksMax = 40;  // as the kernel's own limit, path_resolution(7)
  std::string at = "/";
  std::string rest = path;
  for (int symlinks = 0; !rest.empty();) {
    const std::size_t slash = rest.find('/');
    const std::string part = rest.substr(0, slash);
    rest.erase(0, slash == std::string::npos ? rest.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    at = part == ".." ? std::string(parent_path(at)) : join_path(at, part);
    if (is_within(at, "/proc")) return true;
    const auto text = read_symlink(at);
    if (!text || !*text) continue;
    if (++symlinks > kSymlinksMax) return true;
    at = (*text)->starts_with('/') ? "/" : std::string(parent_path(at));
    rest.insert(0, **text + "/");
  }
  return false;
}

Result<std::string> real_path(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  char name[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd.get());
  const ssize_t size = fd ? ::readlink(link.c_str(), name, sizeof(name)) : -1;
  if (size > 0 && size < PATH_MAX && name[0] == '/')
    return std::string(name, static_cast<std::size_t>(size));
  const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr), ::free);
  if (!resolved) return sys_error("realpath", path);
  return std::string(resolved.get());
}

// False: the kernel cannot copy between these two files, and no byte was copied.
static Result<bool> copy_in_kernel(const Fd& source, const Fd& target) {
  constexpr std::size_t kPiece = 64 << 20;  // a fraction of a second on a slow disk
  loff_t offset = 0;
  for (Interruptions interruptions;;) {
    note_work();
    const ssize_t n = ::copy_file_range(source.get(), &offset, target.get(), nullptr, kPiece, 0);
    if (n > 0) continue;
    if (n == 0) return true;
    if (interruptions.again()) continue;
    const bool unsupported =
        errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS;
    if (!unsupported || offset != 0) return sys_error("copy_file_range");
    return false;
  }
}

Result<CopyKind> copy_contents(const Fd& source, const Fd& target) {
  if (const int injected = failpoint(); injected != 0) return sys_error_code(injected, "copy");
  if (::ioctl(target.get(), FICLONE, source.get()) == 0) return CopyKind::reflink;
  if (TRY(copy_in_kernel(source, target))) return CopyKind::copied;
  loff_t offset = 0;
  char buffer[128 * 1024];
  for (Interruptions interruptions;;) {
    note_work();
    const ssize_t n = ::pread(source.get(), buffer, sizeof(buffer), offset);
    if (n == 0) return CopyKind::copied;
    if (n < 0 && interruptions.again()) continue;
    if (n < 0) return sys_error("read");
    offset += n;
    if (const int r = write_all(target.get(), buffer, static_cast<std::size_t>(n)); r != 0)
      return sys_error_code(-r, "write");
  }
}

Result<DiskSpace> disk_space(const std::string& path) {
  struct statvfs fs;
  if (::statvfs(path.c_str(), &fs) != 0) return sys_error("statvfs", path);
  return DiskSpace{fs.f_bavail * fs.f_frsize, fs.f_blocks * fs.f_frsize};
}

}  // namespace deja::os
