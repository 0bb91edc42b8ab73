// SPDX-License-Identifier: Apache-2.0
#include "os/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "os/failpoint.h"
#include "os/interrupted.h"
#include "os/io.h"

namespace deja::os {

Result<Fd> try_lock_file(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return sys_error("open", path);
  Interruptions interruptions;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Fd();
    if (!interruptions.again()) return sys_error("flock", path);
  }
  return fd;
}

void sign_lock_file(const Fd& lock) {
  if (failpoint() != 0) return;
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock.get(), 0) == 0)
    static_cast<void>(write_all(lock.get(), pid.data(), pid.size()));
}

bool is_first_byte_locked(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct flock lock = {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  return fd && ::fcntl(fd.get(), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace deja::os
