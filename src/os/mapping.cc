// SPDX-License-Identifier: Apache-2.0
#include "os/mapping.h"

#include <sys/mman.h>

#include <utility>

namespace deja::os {
namespace {
Result<char*> map(const Fd& fd, std::size_t size, int protection) {
  if (size == 0) return static_cast<char*>(nullptr);
  void* p = ::mmap(nullptr, size, protection, MAP_SHARED, fd.get(), 0);
  if (p == MAP_FAILED) return sys_error("mmap");
  return static_cast<char*>(p);
}
}  // namespace

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

Result<Mapping> Mapping::read_only(const Fd& fd, std::size_t size) {
  return Mapping(TRY(map(fd, size, PROT_READ)), size);
}

Result<Mapping> Mapping::read_write(const Fd& fd, std::size_t size) {
  return Mapping(TRY(map(fd, size, PROT_READ | PROT_WRITE)), size);
}

}  // namespace deja::os
