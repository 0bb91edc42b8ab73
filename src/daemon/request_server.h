// SPDX-License-Identifier: Apache-2.0
// The engine behind a socket: answers requests by an engine::Engine, and prewarms them when idle.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "base/mutex.h"
#include "config/config.h"
#include "daemon/heartbeat.h"
#include "engine/engine.h"
#include "os/fd.h"
#include "pipeline/outcome.h"
#include "wire/messages.h"

namespace deja::daemon {

// The namespaces and rights of this process. A client with others is served by an engine of its own.
struct View {
  std::uint64_t root_mount = 0, root_device = 0, root_inode = 0, group = 0, confinement = 0;
  static View of_this_process();
  bool is_same_for(const wire::RequestHead& client) const;
};

class RequestServer {
 public:
  enum class Kind { daemon, one_shot };
  // loaded: the configuration of the engine as a whole.
  RequestServer(const std::string& dir, Kind kind, config::Loaded loaded);
  ~RequestServer();

  // Opens the engine: store, index, journal. On a disk that is busy with a build this takes seconds, so clients are
  // accepted before, and are told that the engine is alive. Whoever needs it first opens it, and others wait. Never
  // fails: without a store every request is a bypass, and the journal records the reason.
  engine::Engine& engine();

  // Serves one connection whose request frame has been read. True: it was a hit.
  bool serve(const os::Fd& socket, const std::string& request_body);

  void forget() { engine().forget(); }
  // A confined client started this daemon, and an unconfined one came: the daemon ends, so that the
  // next one is started by an unconfined client.
  bool gives_way() const { return gives_way_; }
  // The configuration of the last request switches the daemon off, and the mark for clients is set.
  bool is_switched_off() const { return is_switched_off_; }
  void maintain() { engine().maintain(); }  // at intervals
  // Prewarms a recent request (warm/request_cache.h). Hits come first: they are likely to come again
  // soon. Misses wait for a pause; otherwise a first build would pay for later ones. False: there is
  // none to prewarm now.
  bool prewarm_one(bool in_a_pause);
  // Makes spares (store/spares.h) in the next pause.
  void make_spares_later();
  // Waits until there is a request to prewarm. False: end_prewarming() was called.
  bool wait_for_prewarm();
  void end_prewarming();
  journal::Journal& journal() { return engine().journal(); }
  std::uint64_t idle_exit_s() const { return loaded_.config.daemon_idle_exit_s; }

 private:
  std::unique_ptr<engine::Engine> open_engine() const;
  void forget_silence(std::int64_t now_ns);
  bool make_spares();
  std::uint64_t spares_bytes() const;
  void prewarm_later(const std::string& request_body, bool was_hit);
  void answer(Connection& connection, const pipeline::Outcome& outcome);

  Heartbeat heartbeat_;
  void apply_daemon_mode(const pipeline::Request& request);
  const std::string dir_, silence_mark_, off_mark_;
  std::atomic<std::int64_t> forgot_silence_ns_{0};
  std::atomic<bool> gives_way_{false};
  std::atomic<bool> is_switched_off_{false};
  const Kind kind_;
  const View view_;
  const config::Loaded loaded_;
  std::once_flag opened_;
  std::unique_ptr<engine::Engine> engine_;  // set once, by engine()

  Mutex prewarms_mutex_;
  ConditionVariable prewarms_changed_;
  bool prewarms_ended_ GUARDED_BY(prewarms_mutex_) = false;
  bool makes_spares_ GUARDED_BY(prewarms_mutex_) = false;
  // Bodies of request frames.
  std::deque<std::string> prewarm_hits_ GUARDED_BY(prewarms_mutex_);
  std::deque<std::string> prewarm_misses_ GUARDED_BY(prewarms_mutex_);
};

// The directory of this executable, e.g. <prefix>/libexec/deja.
std::string own_directory();

}  // namespace deja::daemon
