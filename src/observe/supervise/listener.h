// The kernel's side of the supervision: the filter a tool starts with, and the descriptor through
// which its calls are heard and answered (seccomp_unotify(2)).
#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <cstdint>

#include "os/fd.h"

namespace deja::observe::supervise {

// In the child that is to become the tool: from here on it and all that it starts are heard. The
// other end of the notifications; none when the kernel, or who started us, does not allow it.
os::Fd install_filter();

class Listener {
 public:
  explicit Listener(os::Fd fd);

  int fd() const { return fd_.get(); }
  // Does the kernel have all that we need of it? (5.14: an open can be answered with its result.)
  bool is_usable() const;
  // False: the caller is gone already.
  bool receive(seccomp_notif& call) const;
  // Whether the caller is still there, in that same call: what was read of it was its own.
  bool is_valid(std::uint64_t id) const;
  void let_go(std::uint64_t id) const;  // the kernel does the call
  // It was done here. result: what the call returns, or -errno.
  void answer(std::uint64_t id, int result) const;
  // The call returns a copy of fd in the caller.
  void answer_with(std::uint64_t id, const os::Fd& fd, bool close_on_exec) const;

 private:
  os::Fd fd_;
};

}  // namespace deja::observe::supervise
