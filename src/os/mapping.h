// SPDX-License-Identifier: Apache-2.0
// Memory shared through a file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/fd.h"

namespace deja::os {

class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  // Maps size bytes of fd from its start; writable mappings are shared with all others.
  static Result<Mapping> read_only(const Fd& fd, std::size_t size);
  static Result<Mapping> read_write(const Fd& fd, std::size_t size);

  char* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::string_view view() const { return {data_, size_}; }

 private:
  Mapping(char* data, std::size_t size) : data_(data), size_(size) {}
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace deja::os
