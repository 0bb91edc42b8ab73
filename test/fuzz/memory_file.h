// SPDX-License-Identifier: Apache-2.0
// An input as a file, for readers of files.
#pragma once

#include <sys/mman.h>

#include <string_view>

#include "base/check.h"
#include "os/fd.h"
#include "os/io.h"

namespace deja::fuzz {

inline os::Fd memory_file(std::string_view bytes) {
  os::Fd file(::memfd_create("input", MFD_CLOEXEC));
  CHECK(os::write_all(file.get(), bytes.data(), bytes.size()) == 0);
  return file;
}

}  // namespace deja::fuzz
