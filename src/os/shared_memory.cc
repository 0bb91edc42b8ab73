// SPDX-License-Identifier: Apache-2.0
#include "os/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace deja::os {

Result<Fd> create_shared_memory(std::size_t size) {
  Fd fd(::memfd_create("deja", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return sys_error("memfd_create");
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) return sys_error("ftruncate");
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return sys_error("fcntl(F_ADD_SEALS)");
  return fd;
}

Status reserve_shared_memory(const Fd& memory, std::size_t offset, std::size_t size) {
  if (::fallocate(memory.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(size)) != 0)
    return sys_error("fallocate");
  return {};
}

Status lock_first_byte(const Fd& file) {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  if (::fcntl(file.get(), F_SETLK, &lock) != 0) return sys_error("fcntl(F_SETLK)");
  return {};
}

}  // namespace deja::os
