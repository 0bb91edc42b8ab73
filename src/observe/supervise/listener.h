// SPDX-License-Identifier: Apache-2.0
// The kernel's side of the supervision: the filter that a tool starts with, and the descriptor through
// which its calls are received and answered (seccomp_unotify(2)).
#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <cstdint>

#include "os/fd.h"

namespace deja::observe::supervise {

// Called in the child that becomes the tool: from here on its calls, and those of all programs it starts,
// are reported to the returned descriptor. Empty if the kernel or a parent's filter does not allow it.
os::Fd install_filter();

class Listener {
 public:
  explicit Listener(os::Fd fd);

  int fd() const { return fd_.get(); }
  // True if the kernel supports everything that is needed. (5.14: an open can be answered atomically.)
  bool is_usable() const;
  // False: the caller has ended already.
  bool receive(seccomp_notif& call) const;
  // True if the caller still waits in that call: what was read from it was really its own.
  bool is_valid(std::uint64_t id) const;
  void let_go(std::uint64_t id) const;  // the kernel does the call
  // Answers without making the call. result: the return value, or -errno.
  void answer(std::uint64_t id, int result) const;
  // The call returns a copy of fd in the caller.
  void answer_with(std::uint64_t id, const os::Fd& fd, bool close_on_exec) const;

 private:
  os::Fd fd_;
};

}  // namespace deja::observe::supervise
