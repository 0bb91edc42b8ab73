// The engine as a server: answers requests that come by a socket with an engine::Assembly, and
// rehearses them when it has the time.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "config/config.h"
#include "daemon/heartbeat.h"
#include "engine/assembly.h"
#include "os/fd.h"
#include "pipeline/outcome.h"
#include "wire/messages.h"

namespace deja::daemon {

// What this process sees; a client that sees something else is served by an engine of its own.
struct View {
  std::uint64_t mount_namespace = 0, root_device = 0, root_inode = 0, group = 0, confinement = 0;
  static View of_this_process();
  bool is_seen_by(const wire::RequestHead& client) const;
};

class Host {
 public:
  enum class Kind { daemon, one_shot };
  // loaded: what is configured for the engine as a whole.
  // Never fails: without a store every request is a bypass, and the journal says why.
  static std::unique_ptr<Host> open(const std::string& dir, Kind kind,
                                    const config::Loaded& loaded);
  ~Host();

  // Serves one connection whose request frame has been read.
  void serve(const os::Fd& socket, const std::string& request_body);

  void forget() { assembly_->forget(); }
  // It was started by a confined client, and others come, too: the next daemon is to be theirs.
  bool makes_room() const { return makes_room_; }
  // What a file said of the last request: there is to be no daemon, and a mark says so to clients.
  bool is_switched_off() const { return is_switched_off_; }
  void maintain() { assembly_->maintain(); }  // at intervals
  // Rehearses a request of late (pipeline/memory.h). Those that were hits come first: they may well
  // come again soon. The others wait for a pause, or a first build would pay for what comes after
  // it. False: there is none to rehearse now.
  bool rehearse_one(bool in_a_pause);
  // Waits until there is one. False: end_rehearsals() was called.
  bool wait_for_rehearsal();
  void end_rehearsals();
  journal::Journal& journal() { return assembly_->journal(); }
  std::uint64_t idle_exit_s() const { return idle_exit_s_; }

 private:
  Host(const std::string& dir, Kind kind, std::unique_ptr<engine::Assembly> assembly,
       std::uint64_t idle_exit_s);
  void forget_silence(std::int64_t now_ns);
  void rehearse_later(const std::string& request_body, bool was_hit);
  void answer(Line& line, const pipeline::Outcome& outcome);

  Heartbeat heartbeat_;
  void heed_daemon_mode(const pipeline::Request& request);
  const std::string silence_mark_, off_mark_;
  std::atomic<std::int64_t> forgot_silence_ns_{0};
  std::atomic<bool> makes_room_{false};
  std::atomic<bool> is_switched_off_{false};
  const Kind kind_;
  const View view_;
  const std::uint64_t idle_exit_s_;
  const std::unique_ptr<engine::Assembly> assembly_;

  Mutex rehearsals_mutex_;
  ConditionVariable rehearsals_changed_;
  bool rehearsals_ended_ GUARDED_BY(rehearsals_mutex_) = false;
  // Bodies of request frames.
  std::deque<std::string> rehearsed_hits_ GUARDED_BY(rehearsals_mutex_);
  std::deque<std::string> rehearsed_misses_ GUARDED_BY(rehearsals_mutex_);
};

// The folder of this executable's companions, e.g. <prefix>/libexec/deja.
std::string own_folder();

}  // namespace deja::daemon
