// SPDX-License-Identifier: Apache-2.0
#include "journal/shared_file.h"

#include <chrono>
#include <optional>
#include <thread>

#include "os/disk.h"
#include "os/file.h"
#include "os/lock.h"

namespace deja::journal {
namespace {

constexpr int kLockTries = 200;
constexpr std::chrono::milliseconds kLockPause{1};

// Empty: the file is missing, or not of this format.
Result<std::optional<os::Mapping>> map_sound(const std::string& path, std::string_view magic,
                                             std::size_t size) {
  const auto there = TRY(os::stat_file(path));
  if (!there || !there->is_regular() || there->size < size) return std::optional<os::Mapping>();
  const os::Fd fd = TRY(os::open_read_write(path));
  os::Mapping mapping = TRY(os::Mapping::read_write(fd, size));
  if (!mapping.view().starts_with(magic)) return std::optional<os::Mapping>();
  return std::optional(std::move(mapping));
}

}  // namespace

// The lock is a separate file: a mapping would keep the lock of the file it maps.
Result<os::Fd> lock_journal(const std::string& dir) {
  const std::string path = dir + "/lock";
  for (int tries = 0; tries < kLockTries; ++tries) {
    os::Fd fd = TRY(os::try_lock_file(path));
    if (fd) return fd;
    std::this_thread::sleep_for(kLockPause);
  }
  return Error{Code::timeout, 0, "another process holds the lock " + path};
}

Result<os::Mapping> open_shared_file(const std::string& dir, std::string_view name,
                                     std::string_view magic, std::size_t size) {
  const std::string path = dir + "/" + std::string(name);
  if (auto mapping = TRY(map_sound(path, magic, size))) return *std::move(mapping);
  const os::Fd lock = TRY(lock_journal(dir));
  if (auto mapping = TRY(map_sound(path, magic, size))) return *std::move(mapping);
  std::string bytes(magic);
  bytes.resize(size);
  TRY(os::write_file_atomic(path, bytes));
  if (auto mapping = TRY(map_sound(path, magic, size))) return *std::move(mapping);
  return Error{Code::corrupt, 0, path + " changed while it was made"};
}

}  // namespace deja::journal
