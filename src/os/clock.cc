// SPDX-License-Identifier: Apache-2.0
#include "os/clock.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <string>

namespace deja::os {
namespace {

std::int64_t ns(const struct timespec& t) { return t.tv_sec * 1'000'000'000 + t.tv_nsec; }

std::int64_t read_clock(clockid_t clock) {
  struct timespec t = {};
  ::clock_gettime(clock, &t);
  return ns(t);
}

std::string read_boot_id() {
  const int fd = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  char buffer[64];
  const ssize_t n = ::read(fd, buffer, sizeof(buffer));
  ::close(fd);
  if (n <= 0) return {};
  std::string id(buffer, static_cast<std::size_t>(n));
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

}  // namespace

std::int64_t monotonic_ns() { return read_clock(CLOCK_MONOTONIC); }
std::int64_t wall_ns() { return read_clock(CLOCK_REALTIME); }
std::int64_t file_clock_ns() { return read_clock(CLOCK_REALTIME_COARSE); }

std::int64_t file_clock_grain_ns() {
  static const std::int64_t grain = [] {
    struct timespec t = {};
    return ::clock_getres(CLOCK_REALTIME_COARSE, &t) == 0 ? ns(t) : 10'000'000;
  }();
  return grain;
}

const char* boot_id() {
  static const std::string id = read_boot_id();
  return id.c_str();
}

}  // namespace deja::os
