// SPDX-License-Identifier: Apache-2.0
// Runs helper programs that gain rights when started (setuid, setgid, capabilities). The supervisor's
// filter needs no_new_privs, which forbids that to the tool and to every program it starts.
//
// The supervisor itself may gain rights, so it starts the helper as the tool would have: same arguments,
// environment, directory, descriptors, limits, umask, signals and group. The process that asked for it
// becomes a stand-in: a program of deja that waits for the helper, passes signals on, and ends as the
// helper ends, so that its parent sees the same. If that is not possible, the helper runs without its
// rights. Such a run is never stored.
#pragma once

#include <linux/seccomp.h>
#include <poll.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "observe/supervise/listener.h"
#include "os/fd.h"

namespace deja::observe::supervise {

class StandIns {
 public:
  explicit StandIns(const Listener& listener) : listener_(listener) {}

  // Some process of the tool has given up rights by itself, and with them what a helper would give it.
  // A process of the tool has given up rights by itself, and with them the helper's.
  void give_up() { may_ = false; }
  bool may() const { return may_; }
  bool any() const { return !helpers_.empty(); }
  // Called when a program is about to be started. True: it is a helper, and the call was answered.
  bool take(const seccomp_notif& call);
  // Adds the descriptors to wait for, and handles them when they are ready.
  void add_to(std::vector<struct pollfd>& fds) const;
  void look_at_connections();
  // A child of the supervisor has ended: it may be a helper.
  void note_end(pid_t child, int status);

 private:
  struct Helper {
    pid_t child = 0;    // until it has ended
    pid_t asker = 0;    // the process that becomes its stand-in
    os::Fd go;          // a byte written here lets the helper start
    os::Fd connection;  // to its stand-in
  };
  bool listen();
  void accept_one();

  const Listener& listener_;
  bool may_ = true;
  os::Fd socket_;
  std::vector<Helper> helpers_;
};

// The pid of the supervisor for which this process is a stand-in; 0: it is none.
pid_t stands_in_for();
int stand_in(pid_t supervisor);

}  // namespace deja::observe::supervise
