// SPDX-License-Identifier: Apache-2.0
// Tested by test/fault/first_client_test.cc.
#include "daemon/settle.h"

#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace deja::daemon {
namespace {

// Enough for kWorkersMax sessions with their files; a larger limit makes loops over descriptors slow.
constexpr rlim_t kDescriptors = 16384;
// Linux's default stack limit, which threads also get.
constexpr rlim_t kStackBytes = 8 << 20;

void raise_limit(__rlimit_resource resource, rlim_t wanted) {
  struct rlimit limit = {};
  if (::getrlimit(resource, &limit) != 0) return;
  const rlim_t now = limit.rlim_cur;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (now != RLIM_INFINITY && now < limit.rlim_cur) ::setrlimit(resource, &limit);
}

void take_default_limits() {
  for (const __rlimit_resource resource : {RLIMIT_AS, RLIMIT_DATA, RLIMIT_RSS, RLIMIT_FSIZE,
                                           RLIMIT_CPU, RLIMIT_NPROC, RLIMIT_MEMLOCK, RLIMIT_LOCKS})
    raise_limit(resource, RLIM_INFINITY);
  raise_limit(RLIMIT_NOFILE, kDescriptors);
  // Also lowers "unlimited", which would change the memory layout of threads.
  struct rlimit stack = {};
  if (::getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur != kStackBytes) {
    stack.rlim_cur = std::min(kStackBytes, stack.rlim_max);
    ::setrlimit(RLIMIT_STACK, &stack);
  }
}

void take_default_scheduling() {
  const struct sched_param none = {};
  ::sched_setscheduler(0, SCHED_OTHER, &none);
  ::setpriority(PRIO_PROCESS, 0, 0);
  constexpr int kWhoProcess = 1;  // IOPRIO_WHO_PROCESS, ioprio_set(2)
  ::syscall(SYS_ioprio_set, kWhoProcess, 0, 0);
  cpu_set_t all;  // the kernel removes processors outside of the cpuset
  std::memset(&all, 0xff, sizeof(all));
  ::sched_setaffinity(0, sizeof(all), &all);
  ::personality(PER_LINUX);
}

// Keeps freed memory for the next request: returning it and allocating it again took a tenth of the
// engine's time for a miss.
void keep_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 8 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 32 << 20);
}

}  // namespace

void settle_in(int first_foreign_fd) {
  ::syscall(SYS_close_range, static_cast<unsigned>(first_foreign_fd), ~0u, 0u);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // then write(2) fails instead (setrlimit(2))
  ::umask(077);
  take_default_limits();
  take_default_scheduling();
  keep_memory();
  if (::chdir("/") != 0) ::_exit(1);
}

}  // namespace deja::daemon
