// SPDX-License-Identifier: Apache-2.0
// Tested by test/fault/confined_test.cc.
#include "os/confinement.h"

#include <sys/prctl.h>

#include <string_view>

#include "os/process_stat.h"

namespace deja::os {
namespace {

// The number after a name in /proc/self/status (proc(5)).
std::uint64_t number_of(std::string_view status, std::string_view name) {
  const std::size_t at = status.find(name);
  if (at == std::string_view::npos) return 0;
  std::uint64_t number = 0;
  for (const char c : status.substr(at + name.size())) {
    if (c == '\t' || c == ' ') continue;
    if (c < '0' || c > '9') break;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

}  // namespace

std::uint64_t confinement_of_this_process() {
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 0;
  char text[4096];
  const ssize_t n = read_text("/proc/self/status", text, sizeof(text));
  const std::string_view status(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  constexpr unsigned kModeBits = 8;
  return 1 + (number_of(status, "\nSeccomp:") << 1) +
         (number_of(status, "\nSeccomp_filters:") << kModeBits);
}

}  // namespace deja::os
