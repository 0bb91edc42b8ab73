// SPDX-License-Identifier: Apache-2.0
#include "os/watcher.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "os/file.h"

namespace deja::os {
namespace {

constexpr std::uint32_t kDirectoryMask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                         IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
// IN_CLOSE_WRITE too: writes through a mapping cause no IN_MODIFY.
constexpr std::uint32_t kFileMask =
    IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

// statfs(2) types of file systems that are changed only through this kernel.
constexpr long kLocal[] = {EXT4_SUPER_MAGIC, 0x58465342 /* xfs */,   BTRFS_SUPER_MAGIC,
                           TMPFS_MAGIC,      0xF2F52010 /* f2fs */,  0x2FC12FC1 /* zfs */,
                           SQUASHFS_MAGIC,   0xE0F5E1E2 /* erofs */, RAMFS_MAGIC};

}  // namespace

Result<Watcher> Watcher::open() {
  Fd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) return sys_error("inotify_init1");
  Fd mounts(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  Fd mounts_for_others(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  if (!mounts || !mounts_for_others) return sys_error("open", "/proc/self/mountinfo");
  return Watcher(std::move(inotify), std::move(mounts), std::move(mounts_for_others));
}

int Watcher::add(const std::string& path, std::uint32_t mask) {
  return ::inotify_add_watch(inotify_.get(), path.c_str(), mask);
}
int Watcher::add_directory(const std::string& path) { return add(path, kDirectoryMask); }
int Watcher::add_file(const std::string& path) { return add(path, kFileMask | IN_DONT_FOLLOW); }
void Watcher::remove(int watch) { ::inotify_rm_watch(inotify_.get(), watch); }

bool Watcher::has_notices() {
  struct pollfd fds[2] = {{inotify_.get(), POLLIN, 0}, {mounts_.get(), POLLPRI, 0}};
  if (::poll(fds, 2, 0) == 0) return mounts_changed_;
  mounts_changed_ = mounts_changed_ || fds[1].revents != 0;
  return true;
}

// The descriptor for others is asked first: a change that is taken from it here shows at ours, too.
void Watcher::drain(const std::function<void(const Notice&)>& take) {
  struct pollfd others = {mounts_for_others_.get(), POLLPRI, 0};
  ::poll(&others, 1, 0);
  struct pollfd fds[2] = {{inotify_.get(), POLLIN, 0}, {mounts_.get(), POLLPRI, 0}};
  ::poll(fds, 2, 0);
  if (mounts_changed_ || others.revents != 0 || fds[1].revents != 0)
    take({What::everything, -1, {}});
  mounts_changed_ = false;
  alignas(struct inotify_event) char buffer[64 * 1024];
  for (;;) {
    const ssize_t n = ::read(inotify_.get(), buffer, sizeof(buffer));
    if (n <= 0) return;
    for (const char* at = buffer; at < buffer + n;) {
      const auto* event = reinterpret_cast<const struct inotify_event*>(at);
      at += sizeof(*event) + event->len;
      Notice notice;
      notice.watch = event->wd;
      if (event->len > 0)
        notice.name = std::string_view(event->name, ::strnlen(event->name, event->len));
      if ((event->mask & (IN_IGNORED | IN_DELETE_SELF)) != 0) notice.what = What::gone;
      if ((event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0) notice.what = What::everything;
      take(notice);
    }
  }
}

bool is_watchable_filesystem(const std::string& path) {
  struct statfs fs;
  if (::statfs(path.c_str(), &fs) != 0) return false;
  return std::find(std::begin(kLocal), std::end(kLocal), static_cast<long>(fs.f_type)) !=
         std::end(kLocal);
}

std::uint64_t watch_limit() {
  const auto text = read_file("/proc/sys/fs/inotify/max_user_watches");
  return text ? std::strtoull(text->c_str(), nullptr, 10) : 8192;
}

}  // namespace deja::os
