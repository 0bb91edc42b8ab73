// SPDX-License-Identifier: Apache-2.0
#include "store/crash_guard.h"

#include <signal.h>

#include <atomic>
#include <cstring>
#include <mutex>

#include "store/index_state.h"

namespace deja::store {
namespace {

// A signal handler may not allocate or lock, so the paths are stored in fixed slots.
constexpr int kSlots = 8;
constexpr std::size_t kPathBytes = 4096;
struct PathSlot {
  std::atomic<bool> is_used{false};
  char path[kPathBytes] = {};
};
PathSlot slots[kSlots];
thread_local volatile CrashGuard::Region inside = -1;

void on_crash(int signal) {
  if (inside >= 0) mark_suspect(slots[inside].path);
  // Returning repeats the fault (or abort() raises again) with the default action in force.
  ::signal(signal, SIG_DFL);
  if (signal == SIGABRT) ::raise(signal);
}

void install_handlers() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT}) {
    struct sigaction present;
    if (::sigaction(signal, nullptr, &present) != 0 || present.sa_handler != SIG_DFL) continue;
    struct sigaction action = {};
    action.sa_handler = on_crash;
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace

CrashGuard::Region CrashGuard::watch(const std::string& suspect_path) {
  static std::once_flag once;
  std::call_once(once, install_handlers);
  if (suspect_path.size() >= kPathBytes) return -1;
  for (int i = 0; i < kSlots; ++i) {
    bool expected = false;
    if (!slots[i].is_used.compare_exchange_strong(expected, true)) continue;
    std::memcpy(slots[i].path, suspect_path.c_str(), suspect_path.size() + 1);
    return i;
  }
  return -1;
}

void CrashGuard::unwatch(Region region) {
  if (region >= 0) slots[region].is_used = false;
}

CrashGuard::CrashGuard(Region region) : outer_(inside) { inside = region; }
CrashGuard::~CrashGuard() { inside = outer_; }

}  // namespace deja::store
