// SPDX-License-Identifier: Apache-2.0
#include "observe/supervise/calls.h"

#if defined(__x86_64__)
#include <asm/prctl.h>
#endif
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <iterator>

namespace deja::observe::supervise {
namespace {

#define DEJA_WATCHED(call, kind, at, path, data, fixed, functions) \
  {SYS_##call, SyscallKind::kind, at, path, data, fixed},
constexpr Syscall kCalls[] = {
    DEJA_OBSERVED_CALLS(DEJA_WATCHED)
#if defined(__x86_64__)
        {SYS_arch_prctl, SyscallKind::start},
#else
        {SYS_set_tid_address, SyscallKind::start},
#endif
};
#undef DEJA_WATCHED

constexpr Condition kConditions[] = {
    {SYS_clock_gettime, 0, CLOCK_REALTIME},
    {SYS_clock_gettime, 0, CLOCK_REALTIME_COARSE},
    {SYS_clock_gettime, 0, CLOCK_REALTIME_ALARM},
    {SYS_clock_gettime, 0, CLOCK_TAI},
    {SYS_socket, 0, AF_UNIX, true},
#if defined(__x86_64__)
    {SYS_arch_prctl, 0, ARCH_SET_FS},
#endif
    {SYS_prctl, 0, PR_SET_SECCOMP},
    {SYS_prctl, 0, PR_SET_NO_NEW_PRIVS},
    {SYS_seccomp, 0, SECCOMP_SET_MODE_STRICT},
    {SYS_seccomp, 0, SECCOMP_SET_MODE_FILTER},
};

}  // namespace

std::span<const Syscall> watched_calls() { return kCalls; }

std::span<const Condition> conditions() { return kConditions; }

const Syscall* find_call(int number) {
  const auto* found = std::ranges::find(kCalls, number, &Syscall::number);
  return found == std::end(kCalls) ? nullptr : found;
}

}  // namespace deja::observe::supervise
