// SPDX-License-Identifier: Apache-2.0
#include "os/failpoint.h"

#if defined(DEJA_TEST_HOOKS)

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace deja::os {
namespace internal {
std::atomic<bool> failpoints_armed{false};
}

namespace {
constexpr int kKill = -1, kSlow = -2;
constexpr int kSlowMs = 1500;
std::atomic<long> passed{0};
std::atomic<long> at{0};
std::atomic<int> what{0};
std::atomic<bool> sticky{false};

struct NamedAction {
  std::string_view name;
  int what;
};
constexpr NamedAction kActions[] = {{"kill", kKill},    {"slow", kSlow},   {"ENOSPC", ENOSPC},
                                    {"EIO", EIO},       {"EROFS", EROFS},  {"EMFILE", EMFILE},
                                    {"EACCES", EACCES}, {"EDQUOT", EDQUOT}};
}  // namespace

int internal::failpoint_slow() {
  const long n = passed.fetch_add(1) + 1;
  if (n != at.load() && !(sticky.load() && n > at.load())) return 0;
  if (what.load() == kKill) {
    ::kill(::getpid(), SIGKILL);
    ::pause();
  }
  if (what.load() == kSlow) {
    ::poll(nullptr, 0, kSlowMs);
    return 0;
  }
  return what.load();
}

bool arm_failpoint(std::string_view spec) {
  const std::size_t sep = spec.find('@');
  if (sep == std::string_view::npos) return false;
  std::string_view count = spec.substr(sep + 1);
  const bool from_then_on = count.ends_with('+');
  if (from_then_on) count.remove_suffix(1);
  long n = 0;
  if (std::from_chars(count.begin(), count.end(), n).ptr != count.end() || n <= 0) return false;
  for (const NamedAction& action : kActions) {
    if (action.name != spec.substr(0, sep)) continue;
    passed = 0;
    at = n;
    what = action.what;
    sticky = from_then_on;
    internal::failpoints_armed = true;
    return true;
  }
  return false;
}

void disarm_failpoint() { internal::failpoints_armed = false; }
long failpoints_passed() { return passed.load(); }

}  // namespace deja::os

#endif  // DEJA_TEST_HOOKS
