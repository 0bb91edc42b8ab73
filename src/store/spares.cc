// SPDX-License-Identifier: Apache-2.0
// No error is reported here: without a spare a hit copies.
#include "store/spares.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/path.h"
#include "os/file.h"
#include "os/spare.h"

namespace deja::store {
namespace {

constexpr std::size_t kWantedMax = 4096;

// Below this much free space of the disk none is made.
constexpr std::uint64_t kFreePercent = 10;

bool is_disk_roomy(const std::string& directory, std::uint64_t size) {
  const auto disk = os::disk_space(directory);
  return disk && disk->free_bytes > size + disk->total_bytes / 100 * kFreePercent;
}

void remove_spare(const std::string& path) {
  ignore(os::remove_file(path + ".id"), "nothing takes what has no identity");
  ignore(os::remove_file(path), "it is counted until it is gone");
}

struct SpareFile {
  std::string path;
  std::uint64_t size;
  std::int64_t made_ns;
};

// Removes what an engine that was killed has left: a copy without an identity, and the reverse.
std::vector<SpareFile> list_spares(const std::string& directory) {
  std::vector<SpareFile> files;
  const auto names = os::list_directory(directory);  // sorted: "x" comes before "x.id"
  if (!names) return files;
  for (auto name = names->begin(); name != names->end(); ++name) {
    std::string path = join_path(directory, *name);
    const auto id = std::next(name);
    const auto file = os::stat_file(path, os::Links::keep);
    if (id != names->end() && *id == *name + ".id" && file && *file) {
      files.push_back({std::move(path), (*file)->size, (*file)->mtime_ns});
      ++name;
    } else {
      ignore(os::remove_file(path), "it is counted again");
    }
  }
  return files;
}

}  // namespace

void Spares::want(const ActionKey& key) {
  if (room_bytes_ == 0) return;
  const MutexLock lock(wanted_mutex_);
  if (wanted_.size() >= kWantedMax) return;
  wanted_.push_back(key);
  wants_any_ = true;
}

std::optional<ActionKey> Spares::next_wanted() {
  const MutexLock lock(wanted_mutex_);
  if (wanted_.empty()) return std::nullopt;
  const ActionKey key = wanted_.front();
  wanted_.pop_front();
  wants_any_ = !wanted_.empty();
  return key;
}

void Spares::want_none() {
  const MutexLock lock(wanted_mutex_);
  wanted_.clear();
  wants_any_ = false;
}

void Spares::count() {
  bytes_ = 0;
  for (const SpareFile& file : list_spares(directory_)) bytes_ += file.size;
  is_counted_ = true;
}

bool Spares::has_room(std::uint64_t size, std::uint64_t store_room_bytes) {
  const std::uint64_t room = std::min<std::uint64_t>(room_bytes_, store_room_bytes);
  if (!is_counted_ || bytes_ + size > room) count();
  return bytes_ + size <= room;
}

// Under another name until it is complete: a client that has looked at the last spare may take what has its name now.
bool Spares::make_file(const std::string& path, const os::Fd& blob) {
  const std::string temp = path + ".new";
  ignore(os::remove_file(temp), "it was left by an engine that was killed");
  auto made = os::create_file(temp, 0600);
  if (!made && made.error().sys_errno == ENOENT && os::make_directories(directory_))
    made = os::create_file(temp, 0600);
  if (!made) return false;
  const auto copied = os::copy_contents(blob, *made);
  // Where files can share their blocks, a hit is as fast without spares.
  if (copied && *copied == os::CopyKind::reflink) room_bytes_ = 0;
  if (copied && *copied == os::CopyKind::copied && os::rename_file(temp, path) &&
      os::offer_spare(path.c_str()))
    return true;
  ignore(os::remove_file(temp), "it is removed when they are counted");
  return false;
}

bool Spares::make(const Digest& digest, const os::Fd& blob, std::uint64_t size,
                  std::uint64_t store_room_bytes) {
  if (size < os::kSpareMin) return true;
  const MutexLock lock(files_mutex_);
  const std::string path = join_path(directory_, digest.hex());
  if (os::is_offered(path.c_str())) return true;
  remove_spare(path);  // one that somebody has touched
  if (!has_room(size, store_room_bytes) ||
      !is_disk_roomy(std::string(parent_path(directory_)), size) || !make_file(path, blob)) {
    remove_spare(path);
    want_none();
    return false;
  }
  bytes_ += size;
  return true;
}

void Spares::shrink(std::uint64_t bytes) {
  const MutexLock lock(files_mutex_);
  if (is_counted_ && bytes_ <= bytes) return;
  count();
  std::vector<SpareFile> files = list_spares(directory_);
  std::ranges::sort(files, {}, &SpareFile::made_ns);
  for (const SpareFile& file : files) {
    if (bytes_ <= bytes) break;
    remove_spare(file.path);
    bytes_ -= std::min(bytes_, file.size);
  }
}

}  // namespace deja::store
