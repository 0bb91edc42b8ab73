// SPDX-License-Identifier: Apache-2.0
#include "exchange/scratch.h"

#include <cerrno>

#include "os/file.h"
#include "store/layout.h"

namespace deja::exchange {

Result<os::Fd> Scratch::make() const {
  const store::Layout layout(cache_dir_);
  const std::string path = layout.new_temp();
  auto file = os::create_file(path, 0600);
  if (!file && file.error().sys_errno == ENOENT) {
    TRY(os::make_directories(layout.tmp()));
    file = os::create_file(path, 0600);
  }
  if (!file) return std::move(file).error().context("making a temporary file for a remote");
  TRY(os::remove_file(path));
  return file;
}

}  // namespace deja::exchange
