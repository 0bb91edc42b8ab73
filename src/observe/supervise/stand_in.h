// Helpers that gain rights by being started (setuid, setgid, capabilities), where the supervisor has had
// to forbid that to the tool and all it starts (no_new_privs).
//
// The helper is started by the supervisor, to which nothing is forbidden, as the tool would have
// started it: same arguments, environment, directory, descriptors, limits, umask, signals and group. The
// process that asked for it becomes a stand-in, a program of ours that waits for the helper, passes
// on signals, and ends the way it ends: whoever started it finds what he would find. Where that cannot
// be had, the helper runs without its rights. No such run is remembered.
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
  void give_up() { may_ = false; }
  bool may() const { return may_; }
  bool any() const { return !helpers_.empty(); }
  // A program is about to be started. True: it is a helper, and the call has its answer.
  bool take(const seccomp_notif& call);
  // What to wait for besides, and what to do then.
  void add_to(std::vector<struct pollfd>& fds) const;
  void look_at_connections();
  // A child of ours has ended: it may be a helper.
  void note_end(pid_t child, int status);

 private:
  struct Helper {
    pid_t child = 0;    // until it has ended
    pid_t asker = 0;    // the process that becomes its stand-in
    os::Fd go;          // writing to it lets the helper start
    os::Fd connection;  // to its stand-in
  };
  bool listen();
  void accept_one();

  const Listener& listener_;
  bool may_ = true;
  os::Fd socket_;
  std::vector<Helper> helpers_;
};

// The supervisor whose stand-in this process is; 0: it is none.
pid_t stands_in_for();
int stand_in(pid_t supervisor);

}  // namespace deja::observe::supervise
