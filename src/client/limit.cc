// SPDX-License-Identifier: Apache-2.0
#include "client/limit.h"

#include <signal.h>
#include <unistd.h>

#include <cstddef>

#include "client/children.h"
#include "client/clock.h"

namespace deja::client {
namespace {

constexpr std::int64_t kGraceNs = 2'000'000'000;
constexpr int kDepthMax = 16;  // of children of children; deeper processes are not signalled

// Signals the lowest first: a process that loses its children may start others, one that loses its
// parent may not notice.
void signal_below(pid_t pid, int signal, int depth) {
  if (depth > kDepthMax) return;
  const Children children(pid);
  for (std::size_t i = 0; i < children.size(); ++i) {
    signal_below(children[i], signal, depth + 1);
    ::kill(children[i], signal);
  }
}

}  // namespace

Limit::Limit(std::uint32_t milliseconds) {
  if (milliseconds == 0) return;
  due_ns_ = time_ns(CLOCK_MONOTONIC) + std::int64_t{milliseconds} * 1'000'000;
}

void Limit::enforce() {
  if (due_ns_ == 0 || time_ns(CLOCK_MONOTONIC) < due_ns_) return;
  signal_below(::getpid(), stage_ == 0 ? SIGTERM : SIGKILL, 0);
  ++stage_;
  due_ns_ += kGraceNs;
}

}  // namespace deja::client
