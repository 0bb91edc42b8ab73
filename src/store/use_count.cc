// SPDX-License-Identifier: Apache-2.0
// A count of threads inside the index in a mapped file, one per process and Index. Tested by
// recovery_test.cc.
#include "store/use_count.h"

#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/path.h"
#include "os/file.h"
#include "os/process.h"

namespace deja::store {
namespace {

constexpr std::string_view kPrefix = "embedded.";
using Count = std::int64_t;

// The pid in the name of a UseCount file.
std::optional<pid_t> owner_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  pid_t pid = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (parsed.ec != std::errc() || pid <= 0) return std::nullopt;
  return pid;
}

bool is_inside(const std::string& path) {
  const auto bytes = os::read_file_if_exists(path, sizeof(Count));
  Count count = 0;
  if (!bytes || !*bytes || (*bytes)->size() != sizeof(count)) return false;
  std::memcpy(&count, (*bytes)->data(), sizeof(count));
  return count != 0;
}

}  // namespace

std::unique_ptr<UseCount> UseCount::begin(const std::string& index_directory) {
  static std::atomic<unsigned> serial{0};
  std::string path = join_path(index_directory, kPrefix);
  path += std::to_string(::getpid()) + "." + std::to_string(serial++);
  // Left by a dead process with the same pid; no process has opened the index since.
  ignore(os::remove_file(path), "then create_file() fails");
  const auto fd = os::create_file(path, 0600);
  if (!fd || !os::write_fd(*fd, std::string(sizeof(Count), '\0'))) return nullptr;
  auto mapping = os::Mapping::read_write(*fd, sizeof(Count));
  if (!mapping) return nullptr;
  return std::unique_ptr<UseCount>(new UseCount(std::move(path), *std::move(mapping)));
}

UseCount::~UseCount() { ignore(os::remove_file(path_), "a file that is left costs one check"); }

void UseCount::count(int change) {
  void* const place = mapping_.data();  // the start of a page, so aligned
  std::atomic_ref(*static_cast<Count*>(place)).fetch_add(change);
}

Result<bool> has_embedded_user_died_inside(const std::string& index_directory) {
  bool has_ended_inside = false;
  for (const std::string& name : TRY(os::list_directory(index_directory))) {
    const auto pid = owner_of(name);
    // One that is invisible from here counts as dead: the index is then checked once more than needed.
    if (!pid || os::is_running(*pid)) continue;
    const std::string path = join_path(index_directory, name);
    has_ended_inside = has_ended_inside || is_inside(path);
    ignore(os::remove_file(path), "a file that is left costs one check");
  }
  return has_ended_inside;
}

}  // namespace deja::store
